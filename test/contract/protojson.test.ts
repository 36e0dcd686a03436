import { assert, describe, it } from "@effect/vitest"
import { Either, JSONSchema, ParseResult, Schema } from "effect"
import fc from "fast-check"
import { JsonObject } from "../../src/contract/json.ts"
import { id, list, message, optional, required, word } from "../../src/contract/protojson.ts"
import { bool, enumeration, int32, int64, millis, text, uint64 } from "../../src/contract/scalars.ts"

const Inner = message("Inner", { image: text() })
const Sample = message(
  "Sample",
  {
    deploymentId: text(),
    delayMillis: millis,
    signed: int64,
    version: uint64,
    replicas: int32,
    live: bool,
    state: enumeration("STATE", ["unspecified", "running", "standby"]),
    keyAuthId: optional(text()),
    floor: optional(int64),
    git: optional(Inner),
    dockerImage: optional(Inner),
    routeIds: list(text()),
    inners: list(Inner, 3)
  },
  { oneofs: [["git", "dockerImage"]] }
)

const zeros = {
  deploymentId: "",
  delayMillis: 0,
  signed: 0n,
  version: 0n,
  replicas: 0,
  live: false,
  state: "unspecified",
  routeIds: [],
  inners: []
} as const

const decode = Schema.decodeUnknownEither(Sample, { errors: "all" })
const read = (body: unknown) => Either.getOrThrow(decode(body))
const write = (value: typeof Sample.Type) => JSON.stringify(Schema.encodeSync(Sample)(value))

const problems = (body: unknown) => problemsOf(Sample, body)

const problemsOf = <A>(schema: Schema.Schema<A, unknown>, body: unknown) =>
  Either.match(Schema.decodeUnknownEither(schema, { errors: "all" })(body), {
    onRight: () => [],
    onLeft: (error) =>
      ParseResult.ArrayFormatter.formatErrorSync(error).map((issue) => `${issue.path.join(".")}: ${issue.message}`)
  })

describe("reading a protojson message", () => {
  it("takes camel-case and snake-case names alike", () => {
    const expected = { ...zeros, deploymentId: "d_1", delayMillis: 5, dockerImage: { image: "nginx" }, routeIds: ["a"] }
    const camel = { deploymentId: "d_1", delayMillis: "5", dockerImage: { image: "nginx" }, routeIds: ["a"] }
    const snake = { deployment_id: "d_1", delay_millis: 5, docker_image: { image: "nginx" }, route_ids: ["a"] }
    assert.deepStrictEqual(read(camel), expected)
    assert.deepStrictEqual(read(snake), expected)
  })

  it("fills missing, null and absent bodies with zero values and keeps optional fields absent", () => {
    assert.deepStrictEqual(read({}), zeros)
    assert.deepStrictEqual(read(undefined), zeros)
    assert.deepStrictEqual(read(Object.fromEntries(Object.keys(zeros).map((name) => [name, null]))), zeros)
    assert.deepStrictEqual(read({ keyAuthId: null, git: null }), zeros)
  })

  it("keeps an explicit zero of an optional field apart from its absence", () => {
    assert.deepStrictEqual(read({ keyAuthId: "", floor: "0", git: {} }), {
      ...zeros,
      keyAuthId: "",
      floor: 0n,
      git: { image: "" }
    })
  })

  it("ignores unknown members, whatever they hold", () => {
    let deep: unknown = {}
    for (let level = 0; level < 5000; level++) deep = [deep]
    assert.deepStrictEqual(read({ deploymentId: "d_1", surprise: deep }), { ...zeros, deploymentId: "d_1" })
  })

  it("is not reached by members named like object internals", () => {
    const body = JSON.parse('{"__proto__":{"deploymentId":"evil"},"constructor":{"prototype":{"live":true}}}')
    assert.deepStrictEqual(read(body), zeros)
    assert.isUndefined(Reflect.get({}, "deploymentId"))
  })

  it.each([
    ["signed", "-9223372036854775808", -(2n ** 63n)],
    ["signed", 7, 7n],
    ["version", "18446744073709551615", 2n ** 64n - 1n],
    ["delayMillis", "1800000", 1_800_000],
    ["delayMillis", 1_800_000, 1_800_000],
    ["replicas", "-3", -3],
    ["replicas", 3, 3],
    ["state", "STATE_STANDBY", "standby"],
    ["state", 1, "running"]
  ])("reads %s %j as the value it names", (field, wire, value) => {
    assert.deepStrictEqual(read({ [field]: wire }), { ...zeros, [field]: value })
  })

  it.each([
    ["signed", "9223372036854775808"],
    ["signed", 2 ** 53],
    ["version", "-1"],
    ["version", 1.5],
    ["version", ""],
    ["version", "0x10"],
    ["version", "9".repeat(100_000)],
    ["delayMillis", "9007199254740993"],
    ["replicas", "2147483648"],
    ["replicas", "1e2"],
    ["replicas", true],
    ["live", "true"],
    ["state", "STATE_UNKNOWN"],
    ["state", "standby"],
    ["state", 3],
    ["state", -1],
    ["deploymentId", 5],
    ["deploymentId", "x".repeat(257)],
    ["git", []],
    ["git", { image: {} }],
    ["routeIds", "a"],
    ["routeIds", [null]],
    ["inners", [{}, {}, {}, {}]]
  ])("refuses a %s it cannot represent, naming the field", (field, wire) => {
    const found = problems({ [field]: wire })
    assert.isAbove(found.length, 0)
    for (const problem of found) assert.match(problem, new RegExp(`^${field}\\b`))
  })

  it("refuses bodies that are not objects", () => {
    for (const body of [null, 1, "{}", [], true]) assert.deepStrictEqual(problems(body), [": must be a JSON object"])
  })

  it("refuses two members of a oneof, and takes one beside a null", () => {
    assert.deepStrictEqual(problems({ git: {}, docker_image: {} }), [": git and dockerImage exclude each other"])
    assert.deepStrictEqual(problems({ git: null, dockerImage: {} }), [])
  })

  it("refuses one field under both of its names", () => {
    assert.deepStrictEqual(problems({ routeIds: [], route_ids: [] }), [": routeIds and route_ids are the same field"])
  })

  it("refuses a required field that is missing or empty", () => {
    const Strict = message("Strict", { id: id(4), kind: word("a", "b"), policy: required(JsonObject) })
    assert.deepStrictEqual(problemsOf(Strict, {}), ["id: is missing", "kind: is missing", "policy: is missing"])
    assert.deepStrictEqual(problemsOf(Strict, { id: "", kind: "c", policy: [] }), [
      "id: must be text of 1 to 4 characters",
      "kind: must be one of a, b",
      "policy: must be a JSON object of at most 32 levels"
    ])
  })
})

describe("writing a protojson message", () => {
  it("leaves zero values out and writes an empty message as {}", () => {
    assert.strictEqual(write(zeros), "{}")
  })

  it("writes names in lowerCamelCase and declared order, 64-bit integers as text, enums by full name", () => {
    const value = {
      inners: [{ image: "" }, { image: "x" }],
      state: "standby",
      version: 2n ** 64n - 1n,
      replicas: 3,
      live: true,
      signed: -1n,
      delayMillis: 5,
      routeIds: ["a"],
      deploymentId: "d_1"
    } as const
    assert.strictEqual(
      write(value),
      '{"deploymentId":"d_1","delayMillis":"5","signed":"-1","version":"18446744073709551615","replicas":3,"live":true,' +
        '"state":"STATE_STANDBY","routeIds":["a"],"inners":[{},{"image":"x"}]}'
    )
  })

  it("writes an explicit zero of an optional field", () => {
    assert.strictEqual(
      write({ ...zeros, keyAuthId: "", floor: 0n, git: { image: "" } }),
      '{"keyAuthId":"","floor":"0","git":{}}'
    )
  })

  it("writes equal JSON documents to equal bytes, whatever the order of their keys", () => {
    const encode = (value: JsonObject) => JSON.stringify(Schema.encodeSync(JsonObject)(value))
    assert.strictEqual(encode({ b: [{ d: 1, c: null }], a: "x" }), '{"a":"x","b":[{"c":null,"d":1}]}')
    assert.strictEqual(encode(JSON.parse('{"b":1,"__proto__":{"z":1}}')), '{"__proto__":{"z":1},"b":1}')
  })

  it("refuses a JSON document too deep to walk safely", () => {
    let deep: JsonObject = {}
    for (let level = 0; level < 20_000; level++) deep = { deep }
    assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(JsonObject)(deep)))
  })

  const sample = fc.record(
    {
      deploymentId: fc.string({ maxLength: 256 }),
      delayMillis: fc.maxSafeInteger(),
      signed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      version: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      replicas: fc.integer(),
      live: fc.boolean(),
      state: fc.constantFrom("unspecified", "running", "standby"),
      routeIds: fc.array(fc.string()),
      inners: fc.array(fc.record({ image: fc.string() }), { maxLength: 3 }),
      keyAuthId: fc.string(),
      floor: fc.bigInt({ min: -5n, max: 5n }),
      git: fc.record({ image: fc.string() })
    },
    {
      requiredKeys: [
        "deploymentId",
        "delayMillis",
        "signed",
        "version",
        "replicas",
        "live",
        "state",
        "routeIds",
        "inners"
      ],
      noNullPrototype: true
    }
  )

  it("writes every value to bytes that read back to it and are written the same again", () => {
    fc.assert(
      fc.property(sample, (value) => {
        const bytes = write(value)
        const back = read(JSON.parse(bytes))
        assert.deepStrictEqual(back, value)
        assert.strictEqual(write(back), bytes)
      })
    )
  })

  it("answers any JSON body with a message or with problems, never with an exception", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        decode(body)
      })
    )
  })
})

describe("the published JSON Schema", () => {
  it("describes the wire: camel-case members, integers as number or text, enum names, exclusive members", () => {
    const schema = JSONSchema.make(Sample, { target: "jsonSchema2020-12" }) as unknown as {
      properties: Record<string, Record<string, unknown>>
      required: ReadonlyArray<string>
      not: unknown
    }
    assert.deepStrictEqual(Object.keys(schema.properties), [...sampleFields])
    assert.deepStrictEqual(schema.required, [])
    assert.deepStrictEqual(schema.properties.state?.anyOf as unknown as ReadonlyArray<unknown>, [
      { enum: ["STATE_UNSPECIFIED", "STATE_RUNNING", "STATE_STANDBY"] },
      { type: "integer", minimum: 0, maximum: 2 }
    ])
    assert.strictEqual(schema.properties.deploymentId?.maxLength, 256)
    assert.strictEqual(schema.properties.git?.type, "object")
    assert.deepStrictEqual(schema.not, { anyOf: [{ required: ["git", "dockerImage"] }] })
    assert.notInclude(JSON.stringify(schema), "$ref")
    assert.notInclude(JSON.stringify(schema), "additionalProperties")
  })

  const sampleFields = [
    "deploymentId",
    "delayMillis",
    "signed",
    "version",
    "replicas",
    "live",
    "state",
    "keyAuthId",
    "floor",
    "git",
    "dockerImage",
    "routeIds",
    "inners"
  ]
})
