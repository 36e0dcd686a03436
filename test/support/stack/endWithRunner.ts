const endWithRunner = () => process.kill(process.pid, "SIGTERM")

// Vitest's test processes continue when Vitest is killed, and would keep their servers running. A process that runs several
// files comes here once for each.
if (!process.listeners("disconnect").some(({ name }) => name === endWithRunner.name))
  process.once("disconnect", endWithRunner)
