"""Many requests through a cluster of replicas, one by one."""
