import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { renderCronJobs, renderCrontab } from "../../dev/schedules/render.ts"
import { type Firing, firingOf, schedules } from "../../src/contract/schedules.ts"
import { pathOf } from "../../src/operations/RestateIngress.ts"

const deployed = (file: string) => readFileSync(new URL(`../../deploy/${file}`, import.meta.url), "utf8")

/** The request that a firing is. */
const requestOf = (firing: Firing) => ({
  path: pathOf(firing),
  idempotencyKey: firing.idempotencyKey,
  body: JSON.stringify(firing.input)
})

const firing = (name: string, at: string) => {
  const schedule = schedules.find((each) => each.name === name)
  assert.isDefined(schedule)
  return requestOf(firingOf(schedule, Date.parse(at)))
}

describe("the schedules", () => {
  for (const [name, at, path, idempotencyKey, body] of [
    [
      "scale-down-idle",
      "2026-02-28T23:45:00Z",
      "hydra.v1.DeployService/global/ScaleDownIdlePreviewDeployments/send",
      "scale-down-idle-2026-02-28T23:45",
      "{}"
    ],
    [
      "scale-down-idle",
      "2026-02-28T23:59:59.999Z",
      "hydra.v1.DeployService/global/ScaleDownIdlePreviewDeployments/send",
      "scale-down-idle-2026-02-28T23:45",
      "{}"
    ],
    [
      "quota-check",
      "2026-02-28T15:00:00Z",
      "hydra.v1.QuotaCheckService/2026-02/RunCheck/send",
      "quota-check-2026-02-28",
      "{}"
    ],
    [
      "cert-renewal",
      "2026-02-28T03:00:07Z",
      "hydra.v1.CertificateService/global/RenewExpiringCertificates/send",
      "cert-renewal-2026-02-28",
      '{"daysBeforeExpiry":30}'
    ],
    [
      "key-refill",
      "2028-02-29T00:00:00Z",
      "hydra.v1.KeyRefillService/2028-02-29/RunRefill/send",
      "key-refill-2028-02-29",
      "{}"
    ],
    // Another day in many places, the same one in UTC.
    [
      "key-refill",
      "2026-01-01T01:30:00+02:00",
      "hydra.v1.KeyRefillService/2025-12-31/RunRefill/send",
      "key-refill-2025-12-31",
      "{}"
    ]
  ] as const)
    it(`fire ${name} at ${at} as callers always have`, () => {
      assert.deepStrictEqual(firing(name, at), { path, idempotencyKey, body })
    })

  it("run at the times they always have", () => {
    assert.deepStrictEqual(Object.fromEntries(schedules.map(({ cron, name }) => [name, cron])), {
      "scale-down-idle": "*/15 * * * *",
      "quota-check": "0 15 * * *",
      "cert-renewal": "0 3 * * *",
      "key-refill": "0 0 * * *"
    })
  })

  it("fire the same however late within their period", () => {
    const day = 86_400_000
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: day - 1 }), (days, late) => {
        for (const schedule of schedules) {
          const period = schedule.name === "scale-down-idle" ? 900_000 : day
          assert.deepStrictEqual(firingOf(schedule, days * day + (late % period)), firingOf(schedule, days * day))
        }
      })
    )
  })

  it("are what deploy/ holds; `npm run schedules` writes it anew", () => {
    assert.strictEqual(deployed("kubernetes/base/cronjobs.yaml"), renderCronJobs(schedules))
    assert.strictEqual(deployed("crontab"), renderCrontab(schedules))
  })

  /** Runs a script with a `curl` that shows its arguments and a `date` that says it is `at`. */
  const shown = (script: string, at: number): string => {
    const shell = `
      date() { if [ "$*" = "-u +%s" ]; then echo ${at / 1000}; else command date "$@"; fi; }
      curl() { for each in "$@"; do echo "$each"; done; }
      ${script.replaceAll("exec curl", "curl")}`
    const env = {
      PATH: process.env.PATH ?? "",
      RESTATE_INGRESS: "http://ingress",
      RESTATE_API_KEY: "k e y",
      TZ: "Asia/Tokyo"
    }
    return execFileSync("sh", ["-euc", shell], { env, encoding: "utf8" })
  }

  const scripts = {
    "the crontab": (nth: number) => {
      const line = deployed("crontab")
        .split("\n")
        .filter((each) => /^[*0-9]/.test(each))[nth]
      return (line ?? "").split(" ").slice(5).join(" ").replaceAll("\\%", "%")
    }
  }
  for (const [what, scriptOf] of Object.entries(scripts))
    it(`are fired by ${what} with the same path, key and body as by us, in any time zone`, () => {
      const at = Date.parse("2028-02-29T23:59:31Z")
      schedules.forEach((schedule, nth) => {
        const { body, idempotencyKey, path } = requestOf(firingOf(schedule, at))
        const args = shown(scriptOf(nth), at).split("\n")
        assert.includeMembers(args, [
          `http://ingress/${path}`,
          `idempotency-key: ${idempotencyKey}`,
          "content-type: application/json",
          "authorization: Bearer k e y",
          body
        ])
      })
    })
})
