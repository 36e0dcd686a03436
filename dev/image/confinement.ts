import { readFileSync } from "node:fs"
import { Option } from "effect"

/** Privileges of a process. */
export interface Confinement {
  readonly uid: number
  readonly gid: number
  /** Effective and obtainable capabilities as a bit mask; `0` is none. */
  readonly capabilities: bigint
  readonly noNewPrivileges: boolean
  /** Its root is mounted read-only. */
  readonly readOnlyRoot: boolean
  readonly residentBytes: number
}

/** From `/proc/<pid>/status` and `/proc/<pid>/mountinfo`. */
export const parseConfinement = (status: string, mounts: string): Confinement => {
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1] ?? ""
  const masks = ["CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => BigInt(`0x${field(name) || "f"}`))
  const root = mounts.split("\n").find((line) => line.split(" ")[4] === "/")
  return {
    uid: Number(field("Uid")),
    gid: Number(field("Gid")),
    capabilities: masks.reduce((all, mask) => all | mask, 0n),
    noNewPrivileges: field("NoNewPrivs") === "1",
    readOnlyRoot: (root?.split(" ")[5] ?? "").split(",").includes("ro"),
    residentBytes: Number(field("VmRSS")) * 1024
  }
}

/** None if the process is not visible on this machine, as with an engine in a VM. */
export const confinementOf = (pid: number): Option.Option<Confinement> =>
  Option.liftThrowable(() =>
    parseConfinement(readFileSync(`/proc/${pid}/status`, "utf8"), readFileSync(`/proc/${pid}/mountinfo`, "utf8"))
  )()
