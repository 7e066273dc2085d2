"""The commands that run processes of the gateway, the simulator and the benchmarks."""
