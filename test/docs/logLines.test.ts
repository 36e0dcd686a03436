import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { businessEvents } from "../../src/workflows/businessEvents.ts"
import { fileOf, sectionOf, tableRows } from "./Markdown.ts"

const folders = ["src", "packages/effect-restate/src"]

interface Source {
  readonly path: string
  readonly text: string
}

const sources: ReadonlyArray<Source> = folders.flatMap((folder) =>
  readdirSync(new URL(`../../${folder}/`, import.meta.url), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ path: `${folder}/${name}`, text: fileOf(`${folder}/${name}`) }))
)

const logCall = /\bEffect\.log(?:Trace|Debug|Info|Warning|Error|Fatal)?\(\s*/g

/** What stands behind each call that logs. */
const callsOf = ({ text }: Source): ReadonlyArray<string> =>
  [...text.matchAll(logCall)].map(({ 0: call, index }) => text.slice(index + call.length, index + call.length + 300))

/** Texts that a call logs as they are. */
const literalsOf = (source: Source): ReadonlyArray<string> =>
  callsOf(source).flatMap((call) => call.match(/^"((?:[^"\\]|\\.)*)"/)?.[1] ?? [])

/** Fields that every line of an invocation may have. */
const fieldsOfInvocations = ["invocation", "service", "handler", "key", "step"]
const ids = ["deployment_id", "project_id", "workspace_id", "domain"]
const common: ReadonlySet<string> = new Set([...fieldsOfInvocations, ...ids, "cause"])

const quoted = (text: string): ReadonlyArray<string> => [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)

/** `log lines `A` and `B` with `x`, `y` and `z`` as a runbook promises them. */
const list = "`[^`]+`(?:(?:, | and |, and )`[^`]+`)*"
const promised = (kind: string) =>
  [...fileOf("docs/runbooks.md").matchAll(new RegExp(`${kind} (${list})(?: with (${list}))?`, "g"))].map(
    ([, names = "", fields = ""]) => ({ names: quoted(names), fields: quoted(fields) })
  )

describe("the log lines that a runbook names", () => {
  it("are logged, with the fields that it names", () => {
    const lines = promised("log lines?")
    assert.isAtLeast(lines.length, 15)
    for (const { fields, names } of lines)
      for (const name of names) {
        const logging = sources.filter(
          ({ text }) => text.includes(`"${name}"`) && /\bEffect\.log|failureMessage/.test(text)
        )
        assert.isNotEmpty(logging, `no line "${name}"`)
        const missing = fields.filter(
          (field) => !common.has(field) && !logging.some(({ text }) => new RegExp(`\\b${field}\\b`).test(text))
        )
        // What the sampling of gauges logs, it names itself.
        assert.deepStrictEqual(
          missing.filter((field) => field !== "problem"),
          [],
          name
        )
      }
  })

  it("are texts of theirs: every quotation behind the words is one", () => {
    const mentions = [...fileOf("docs/runbooks.md").matchAll(/\blog lines? /g)]
    const patterns = promised("log lines?")
    // Without a quotation: a pod's last log lines.
    assert.isAtMost(mentions.length - patterns.length, 1)
  })

  it("are events of theirs, with the fields that it names", () => {
    const events = promised("events?")
    assert.isAtLeast(events.length, 3)
    for (const { fields, names } of events)
      for (const name of names) {
        const event = Object.entries(businessEvents).find(([known]) => known === name)?.[1]
        assert.isDefined(event, name)
        const known = new Set<string>([...common, ...(event?.fields ?? [])])
        assert.deepStrictEqual(
          fields.filter((field) => !known.has(field)),
          [],
          name
        )
      }
  })
})

describe("the texts of log lines", () => {
  it("hold no values: those are in fields", () => {
    const interpolated = sources
      .filter(({ path }) => path !== "packages/effect-restate/src/node/Restate.ts")
      .flatMap((source) => callsOf(source).map((call) => ({ path: source.path, call })))
      .filter(({ call }) => /^`[^`]*\$\{/.test(call))
    assert.deepStrictEqual(interpolated, [])
  })

  it("begin with a capital letter", () => {
    const texts = sources.flatMap(literalsOf)
    assert.isAtLeast(texts.length, 60)
    assert.deepStrictEqual(
      [...texts, ...Object.values(businessEvents).map(({ message }) => message)].filter((text) => !/^[A-Z]/.test(text)),
      []
    )
  })
})

describe("the events", () => {
  it("are listed in the operator's guide, as the source has them", () => {
    const rows = tableRows(sectionOf(fileOf("docs/operating.md"), "### Events"))
    assert.deepStrictEqual(
      rows,
      Object.entries(businessEvents).map(([name, { fields, when }]) => [
        `\`${name}\``,
        when,
        fields.map((field) => `\`${field}\``).join(", ")
      ])
    )
  })

  it("are all logged", () => {
    const logged = sources.map(({ text }) => text).join("\n")
    const outcomes = ["ready", "failed", "superseded", "cancelled"].map((outcome) => `deploy.${outcome}`)
    assert.deepStrictEqual(
      Object.keys(businessEvents).filter((name) => !logged.includes(`logEvent("${name}"`) && !outcomes.includes(name)),
      []
    )
  })
})
