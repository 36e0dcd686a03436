import { readdirSync } from "node:fs"
import type { Contract } from "effect-restate"

const folder = new URL("../../src/contract/", import.meta.url)

const isContract = (value: unknown): value is Contract =>
  typeof value === "object" && value !== null && "name" in value && "handlers" in value

/** Every contract of src/contract, whichever workflow implements it. */
export const contracts: ReadonlyArray<Contract> = await Promise.all(
  readdirSync(folder).map((name) => import(new URL(name, folder).href))
).then((modules: ReadonlyArray<object>) => modules.flatMap((module) => Object.values(module)).filter(isContract))
