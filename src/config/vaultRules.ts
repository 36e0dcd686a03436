import type { ConfigProblem } from "./ConfigProblems.ts"
import { type Given, isGiven } from "./Setting.ts"

/** A rule between settings. Works on the texts, so that it applies even when another setting cannot be decoded. */
export interface Rule {
  /** The rule's text in the configuration reference. */
  readonly sentence: string
  readonly problems: (given: Given) => ReadonlyArray<ConfigProblem>
}

const kindOf = (given: Given): string => given.get("vault.kind") ?? "unkey"

const kinds = ["unkey", "hashicorp", "local"]

/** Settings of one or two kinds only. */
export const vaultKindsOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  "vault.url": ["unkey", "hashicorp"],
  "vault.token": ["unkey", "hashicorp"],
  "vault.namespace": ["hashicorp"],
  "vault.transit_mount": ["hashicorp"],
  "vault.associated_data": ["hashicorp"],
  "vault.ca_file": ["hashicorp"],
  "vault.role_id": ["hashicorp"],
  "vault.secret_id": ["hashicorp"],
  "vault.approle_mount": ["hashicorp"],
  "vault.kubernetes_role": ["hashicorp"],
  "vault.kubernetes_mount": ["hashicorp"],
  "vault.kubernetes_token_file": ["hashicorp"],
  "vault.key_file": ["local"]
}

const given = (settings: Given, paths: ReadonlyArray<string>) => paths.filter((path) => isGiven(settings, path))

/** Refuses settings that have no effect for this kind. */
const meaningless = (settings: Given): ReadonlyArray<ConfigProblem> =>
  given(settings, Object.keys(vaultKindsOf)).flatMap((setting) => {
    const meant = vaultKindsOf[setting] ?? []
    return meant.includes(kindOf(settings))
      ? []
      : [{ setting, problem: `needs vault.kind to be ${meant.join(" or ")}, which is ${kindOf(settings)}` }]
  })

/** The first reason why the vault's address is required. */
const neededBecause = (settings: Given): string | undefined => {
  if (settings.get("acme.enabled") === "true") return "acme.enabled is true: keys of certificates are kept in the vault"
  if (isGiven(settings, "clickhouse.admin_url"))
    return "clickhouse.admin_url is set: passwords of ClickHouse users are kept in the vault"
  if (settings.get("builds.environment_secrets") === "true")
    return "builds.environment_secrets is true: environment variables are decrypted by the vault"
  const kind = kindOf(settings)
  if (isGiven(settings, "vault.kind")) return `vault.kind is ${kind}`
  const other = given(settings, Object.keys(vaultKindsOf)).find(
    (path) => path !== "vault.url" && path !== "vault.key_file"
  )
  return other === undefined ? undefined : `${other} is set`
}

const place = (settings: Given): ReadonlyArray<ConfigProblem> => {
  const setting = kindOf(settings) === "local" ? "vault.key_file" : "vault.url"
  const because = neededBecause(settings)
  return because === undefined || isGiven(settings, setting)
    ? []
    : [{ setting, problem: `is required because ${because}` }]
}

const logins: Readonly<Record<string, ReadonlyArray<string>>> = {
  token: ["vault.token"],
  AppRole: ["vault.role_id", "vault.secret_id"],
  Kubernetes: ["vault.kubernetes_role"]
}

const login = (settings: Given): ReadonlyArray<ConfigProblem> => {
  if (kindOf(settings) !== "hashicorp") return []
  const begun = Object.entries(logins).filter(([, paths]) => given(settings, paths).length > 0)
  if (begun.length > 1)
    return [
      {
        setting: "vault",
        problem: `only one way to log in may be set, found ${begun.map(([name]) => name).join(" and ")}`
      }
    ]
  const [chosen] = begun
  if (chosen === undefined)
    return [
      {
        setting: "vault.token",
        problem: "is required because vault.kind is hashicorp, unless vault.role_id or vault.kubernetes_role is set"
      }
    ]
  return chosen[1]
    .filter((path) => !isGiven(settings, path))
    .map((setting) => ({ setting, problem: "is required because the other half of the AppRole is set" }))
}

// An unknown kind is reported alone.
const ofKnownKind =
  (problems: Rule["problems"]): Rule["problems"] =>
  (settings) =>
    kinds.includes(kindOf(settings)) ? problems(settings) : []

/** Rules between the vault's settings, and of other settings that need a vault. */
export const vaultRules: ReadonlyArray<Rule> = [
  {
    sentence:
      "`vault.url`, or `vault.key_file` when `vault.kind` is local: required when acme.enabled is true, when clickhouse.admin_url is set, when builds.environment_secrets is true and when any other setting of the vault is.",
    problems: ofKnownKind(place)
  },
  {
    sentence:
      "`vault.token`, `vault.role_id` with `vault.secret_id`, `vault.kubernetes_role`: exactly one way to log in when vault.kind is hashicorp.",
    problems: ofKnownKind(login)
  },
  {
    sentence: "A setting of the vault that has no meaning for its kind is refused; the table names the kinds.",
    problems: ofKnownKind(meaningless)
  }
]
