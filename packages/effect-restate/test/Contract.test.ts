import { assert, describe, it } from "@effect/vitest"
import { Context, Schema } from "effect"
import { Contract, type Failure, type HandlerName, type Input, type Output } from "../src/contract/Contract.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", {}) {}

const Account = Contract.object("Account", {
  Add: { input: Schema.Number, output: Schema.String, error: Refused },
  Read: { mode: "shared", ingress: "private" }
})

/** Compiles when both are the same type. */
const same = <A, B>(..._: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void => {}

describe("a contract", () => {
  it("of an object is exclusive, public and without input, output and failure unless it says otherwise", () => {
    const { Add, Read } = Account.handlers
    assert.deepStrictEqual([Account.kind, Account.name], ["object", "Account"])
    assert.deepStrictEqual(
      [Add.mode, Add.ingress, Read.mode, Read.ingress],
      ["exclusive", "public", "shared", "private"]
    )
    assert.deepStrictEqual([Add.input, Add.output, Add.error], [Schema.Number, Schema.String, Refused])
    assert.deepStrictEqual([Read.input, Read.output, Read.error], [Schema.Void, Schema.Void, Schema.Never])
  })

  it("of a service is shared, and of a workflow everything but its run", () => {
    const service = Contract.service("Mail", { Send: {} })
    const workflow = Contract.workflow("Signup", { run: {}, status: {} })
    assert.deepStrictEqual([service.kind, service.handlers.Send.mode], ["service", "shared"])
    assert.strictEqual(workflow.kind, "workflow")
    assert.deepStrictEqual([workflow.handlers.run.mode, workflow.handlers.status.mode], ["exclusive", "shared"])
  })

  it("keeps what a handler is annotated with, for code that reads the contract", () => {
    class Owner extends Context.Reference<Owner>()("test/Owner", { defaultValue: () => "none" }) {}
    const { Add, Read } = Contract.object("Owned", {
      Add: { annotations: Context.make(Owner, "payments") },
      Read: {}
    }).handlers
    assert.deepStrictEqual(
      [Add, Read].map(({ annotations }) => Context.get(annotations, Owner)),
      ["payments", "none"]
    )
  })

  it("keeps its types, and refuses what no declaration has", () => {
    type C = typeof Account
    same<C["name"], "Account">()
    same<HandlerName<C>, "Add" | "Read">()
    same<C["handlers"]["Read"]["mode"], "shared">()
    same<Input<C, "Add">, number>()
    same<Output<C, "Add">, string>()
    same<Failure<C, "Add">, Refused>()
    same<Failure<C, "Read">, never>()
    // @ts-expect-error a misspelt name would silently mean the default
    Contract.object("Misspelt", { Add: { outptu: Schema.Number } })
    // @ts-expect-error the handlers of a service have no mode
    Contract.service("Moded", { Send: { mode: "exclusive" } })
    // @ts-expect-error a workflow has a run
    Contract.workflow("Idle", { status: {} })
  })
})
