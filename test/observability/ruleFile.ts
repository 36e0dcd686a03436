import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { parse } from "yaml"

export const folder = fileURLToPath(new URL("../../deploy/observability/", import.meta.url))

export const readDeployed = (file: string): string => readFileSync(folder + file, "utf8")

const Rule = Schema.Struct({
  record: Schema.optional(Schema.String),
  alert: Schema.optional(Schema.String),
  expr: Schema.String,
  for: Schema.optional(Schema.String),
  labels: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
  annotations: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
})
const Groups = Schema.Array(Schema.Struct({ name: Schema.String, interval: Schema.String, rules: Schema.Array(Rule) }))
const RuleFile = Schema.Struct({ groups: Groups })
const RuleObject = Schema.Struct({ kind: Schema.Literal("PrometheusRule"), spec: RuleFile })

export const ruleFile = () => Schema.decodeUnknownSync(RuleFile)(parse(readDeployed("rules.yaml")))
export const ruleObject = () => Schema.decodeUnknownSync(RuleObject)(parse(readDeployed("prometheusrule.yaml")))

export const rules = () => ruleFile().groups.flatMap((group) => group.rules)
export const alerts = () =>
  rules().flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]))

const Expected = Schema.Struct({
  expr: Schema.String,
  eval_time: Schema.String,
  exp_samples: Schema.optional(Schema.Array(Schema.Unknown))
})
const UnitTests = Schema.Struct({
  evaluation_interval: Schema.String,
  tests: Schema.Array(Schema.Struct({ name: Schema.String, promql_expr_test: Schema.optional(Schema.Array(Expected)) }))
})

export const unitTestFiles = ["rules.test.yaml", "rules.days.test.yaml"]

/** What the unit tests expect of each alert at some moment: whether it fires. All alerts are evaluated that often. */
export const expectations = () =>
  unitTestFiles.flatMap((file) => {
    const { evaluation_interval: every, tests } = Schema.decodeUnknownSync(UnitTests)(parse(readDeployed(file)))
    return tests.flatMap(({ promql_expr_test: expected = [] }) =>
      expected.map(({ eval_time: at, exp_samples: samples = [], expr }) => ({
        alert: /ALERTS\{alertname="(\w+)"/.exec(expr)?.[1],
        fires: samples.length > 0,
        at,
        every
      }))
    )
  })
