// Vitest's test processes go on when Vitest itself is killed, and would keep the servers of their tests running.
// A signal, because Vitest turns process.exit into an error.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"))
