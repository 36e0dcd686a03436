// Vitest's test processes continue when Vitest is killed, and would keep their servers running.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"))
