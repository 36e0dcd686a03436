import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { chartFiles, chartFolder } from "../../dev/manifests/chart.ts"
import { edited } from "../../dev/manifests/Edit.ts"
import { valuesSchema } from "../../dev/manifests/valuesSchema.ts"

describe("the Helm chart", () => {
  it("has the templates of deploy/kubernetes; `npm run manifests` writes them anew", async () => {
    for (const [path, text] of await chartFiles())
      assert.strictEqual(readFileSync(new URL(path, chartFolder), "utf8"), text, path)
  })

  it("accepts no secret setting as a value, and every other one", () => {
    const schema = JSON.stringify(valuesSchema())
    for (const name of ["private_key_pem", "secret_access_key", "webhook_url", "hmac_key", '"token"'])
      assert.notInclude(schema, name)
    for (const name of ["request_identity_keys", "batch_size", "delegation_domain"]) assert.include(schema, `"${name}"`)
  })
})

describe("an edit of a manifest", () => {
  it("fails where the manifest no longer has what it replaces", () => {
    const edit = { find: /^replicas: 1$/gm, by: "replicas: 2", times: 1 }
    assert.strictEqual(edited("a.yaml", "replicas: 1\n", [edit]), "replicas: 2\n")
    assert.throws(() => edited("a.yaml", "replicas: 3\n", [edit]), /a\.yaml has .* 0 times instead of 1/)
  })
})
