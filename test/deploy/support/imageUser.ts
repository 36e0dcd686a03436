import { readFileSync } from "node:fs"
import { assert } from "@effect/vitest"
import type { ImageUser } from "./podProblems.ts"

const dockerfile = readFileSync(new URL("../../../Dockerfile", import.meta.url), "utf8")

/** The last USER of the Dockerfile, which is the image's. */
export const imageUser = (): ImageUser => {
  const [, uid, gid] = [...dockerfile.matchAll(/^USER (\d+):(\d+)$/gm)].at(-1) ?? assert.fail("the image has no user")
  return { uid: Number(uid), gid: Number(gid) }
}
