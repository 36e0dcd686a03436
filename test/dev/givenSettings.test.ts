import { assert, describe, it } from "@effect/vitest"
import { withGivenSettings } from "../../dev/stack/givenSettings.ts"

const stack = {
  WORKER_CNAME_DOMAIN: "cname.unkey.local",
  WORKER_VAULT_URL: "http://127.0.0.1:1",
  WORKER_VAULT_ROLE_ID: "role",
  WORKER_ACME_ENABLED: "true",
  WORKER_ACME_DIRECTORY_URL: "https://127.0.0.1:2/dir"
}

describe("a developer's own settings", () => {
  it.each([
    ["nothing given leaves the stack's", {}, stack],
    [
      "one that is no area's wins by itself",
      { WORKER_CNAME_DOMAIN: "mine.test" },
      { ...stack, WORKER_CNAME_DOMAIN: "mine.test" }
    ],
    [
      "a vault is theirs as a whole: the stack's login is not mixed with it",
      { WORKER_VAULT_KIND: "local" },
      {
        WORKER_CNAME_DOMAIN: stack.WORKER_CNAME_DOMAIN,
        WORKER_ACME_ENABLED: "true",
        WORKER_ACME_DIRECTORY_URL: stack.WORKER_ACME_DIRECTORY_URL,
        WORKER_VAULT_KIND: "local"
      }
    ],
    [
      "certificates that are switched off leave nothing of the stack's authority behind",
      { WORKER_ACME_ENABLED: "false" },
      {
        WORKER_CNAME_DOMAIN: stack.WORKER_CNAME_DOMAIN,
        WORKER_VAULT_URL: stack.WORKER_VAULT_URL,
        WORKER_VAULT_ROLE_ID: "role",
        WORKER_ACME_ENABLED: "false"
      }
    ]
  ])("%s", (_, given, expected) => {
    assert.deepStrictEqual(withGivenSettings(stack, given), expected)
  })
})
