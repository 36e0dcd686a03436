import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { schedules } from "../../src/contract/schedules.ts"
import { renderCronJobs, renderCrontab } from "./render.ts"

const folder = new URL("../../deploy/", import.meta.url)

await mkdir(fileURLToPath(folder), { recursive: true })
await writeFile(fileURLToPath(new URL("kubernetes/base/cronjobs.yaml", folder)), renderCronJobs(schedules))
await writeFile(fileURLToPath(new URL("crontab", folder)), renderCrontab(schedules))
