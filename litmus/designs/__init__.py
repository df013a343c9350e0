"""designs: what a kernel executes to keep the promise of sys_membarrier(), and whether it does."""
