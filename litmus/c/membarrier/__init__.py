"""membarrier: the promise that sys_membarrier() makes to the threads of a test."""
