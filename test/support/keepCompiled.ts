import { flushCompileCache } from "node:module"

// Node writes its compile cache when a process ends by itself; Vitest's processes and threads are ended.
flushCompileCache()
