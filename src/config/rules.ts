import { isUnprotected } from "./buildkitAddress.ts"
import type { ConfigProblem } from "./ConfigProblems.ts"
import type { Given } from "./Setting.ts"
import { type Rule, vaultRules } from "./vaultRules.ts"

interface Companions {
  readonly when: (given: Given) => boolean
  readonly needs: ReadonlyArray<string>
  readonly because: string
}

const isGiven = (given: Given, path: string): boolean => !["", "0", undefined].includes(given.get(path))
const isTrue = (given: Given, path: string): boolean => given.get(path) === "true"

const isKind = (given: Given, kind: string): boolean => given.get("builder.kind") === kind
const usesBuildkit = (given: Given): boolean =>
  isKind(given, "buildkit") ||
  (isGiven(given, "builder.buildkit_address") && (given.get("builder.kind") ?? "auto") === "auto")

/** Unkey's development configuration has a key without an App. */
const isWithoutApp = (given: Given): boolean =>
  given.get("github.app_id") === "0" && isTrue(given, "github.allow_unauthenticated_deployments")

const companions: ReadonlyArray<Companions> = [
  {
    when: (given) => isTrue(given, "acme.enabled") && isTrue(given, "acme.route53.enabled"),
    needs: ["acme.route53.access_key_id", "acme.route53.secret_access_key"],
    because: "acme.enabled and acme.route53.enabled are true"
  },
  {
    when: (given) => isGiven(given, "acme.external_account.key_id") || isGiven(given, "acme.external_account.hmac_key"),
    needs: ["acme.external_account.key_id", "acme.external_account.hmac_key"],
    because: "the other half of the external account is set"
  },
  {
    when: (given) => isGiven(given, "registry.password"),
    needs: ["registry.url", "registry.username"],
    because: "registry.password is set"
  },
  {
    // Without the operator's own BuildKit the password is Depot's token.
    when: (given) => isGiven(given, "registry.password") && !usesBuildkit(given) && !isKind(given, "none"),
    needs: ["depot.api_url"],
    because: "registry.password is set and builder.buildkit_address is not"
  },
  {
    when: (given) => usesBuildkit(given),
    needs: ["builder.buildkit_address", "registry.url", "registry.username", "registry.password"],
    because: "images are built on the operator's own BuildKit"
  },
  {
    when: (given) => isKind(given, "depot"),
    needs: ["depot.api_url", "registry.url", "registry.username", "registry.password"],
    because: "builder.kind is depot"
  },
  {
    when: (given) => isGiven(given, "builder.tls.certificate_file") || isGiven(given, "builder.tls.key_file"),
    needs: ["builder.tls.certificate_file", "builder.tls.key_file"],
    because: "the other half of the client's certificate is set"
  },
  {
    when: (given) =>
      isGiven(given, "github.app_id") || (isGiven(given, "github.private_key_pem") && !isWithoutApp(given)),
    needs: ["github.app_id", "github.private_key_pem"],
    because: "the other half of the GitHub App is set"
  },
  {
    when: (given) => isGiven(given, "console.user_header"),
    needs: ["console.trusted_proxies"],
    because: "console.user_header is set"
  }
]

const companionRule = ({ because, needs, when }: Companions): Rule => ({
  sentence: `${needs.map((path) => `\`${path}\``).join(", ")}: required when ${because}.`,
  problems: (given) =>
    when(given)
      ? needs
          .filter((path) => !isGiven(given, path))
          .map((setting) => ({ setting, problem: `is required because ${because}` }))
      : []
})

const restatePort = (given: Given): string => given.get("restate.http_port") ?? "9080"

const samePort: Rule = {
  sentence: "`observability.metrics.prometheus_port`: must differ from `restate.http_port`.",
  problems: (given) => {
    const metrics = given.get("observability.metrics.prometheus_port")
    return metrics !== undefined && metrics === restatePort(given)
      ? [{ setting: "observability.metrics.prometheus_port", problem: "must differ from restate.http_port" }]
      : []
  }
}

const consolePort: Rule = {
  sentence: "`console.port`: must differ from `restate.http_port` and `observability.metrics.prometheus_port`.",
  problems: (given) =>
    isGiven(given, "console.port") &&
    [restatePort(given), given.get("observability.metrics.prometheus_port")].includes(given.get("console.port"))
      ? [
          {
            setting: "console.port",
            problem: "must differ from restate.http_port and observability.metrics.prometheus_port"
          }
        ]
      : []
}

const consoleLogin: Rule = {
  sentence: "`console.token` or `console.user_header`: at least one of them is required when `console.port` is set.",
  problems: (given) =>
    isGiven(given, "console.port") && !isGiven(given, "console.token") && !isGiven(given, "console.user_header")
      ? [
          {
            setting: "console.token",
            problem: "console.token or console.user_header is required because console.port is set"
          }
        ]
      : []
}

const delegation = "acme.delegation_domain"

const delegationNeedsZone: Rule = {
  sentence: `\`${delegation}\`: needs \`acme.route53.enabled\`.`,
  problems: (given) =>
    isGiven(given, delegation) && !isTrue(given, "acme.route53.enabled")
      ? [{ setting: delegation, problem: "needs acme.route53.enabled: challenges are answered there" }]
      : []
}

/** A record directly below the apex would remove that name from the platform's wildcard (RFC 4592, section 2.2.1). */
const delegationIsSeparate: Rule = {
  sentence: `\`${delegation}\`: must differ from \`default_domain\` and \`regional_domain\`.`,
  problems: (given) => {
    const domain = given.get(delegation)?.trim().toLowerCase()
    const apexes = [given.get("default_domain") ?? "unkey.app", given.get("regional_domain")]
    return domain !== undefined && domain !== "" && apexes.some((apex) => apex?.trim().toLowerCase() === domain)
      ? [{ setting: delegation, problem: "must differ from default_domain and regional_domain" }]
      : []
  }
}

/** Without certificates on both sides a `RUN` step of any build that reaches the port controls the daemon. */
const protectedDaemon: Rule = {
  sentence:
    "`builder.tls.*`: at least one of them is required when `builder.buildkit_address` is `tcp://` to another machine, unless `builder.insecure` is true.",
  problems: (given) =>
    usesBuildkit(given) &&
    !isTrue(given, "builder.insecure") &&
    isUnprotected(given.get("builder.buildkit_address") ?? "", given)
      ? [
          {
            setting: "builder.buildkit_address",
            problem:
              "needs builder.tls: a caller that reaches this daemon without TLS controls it and reads every build. builder.insecure allows it"
          }
        ]
      : []
}

/** Rules between settings. */
export const rules: ReadonlyArray<Rule> = [
  ...companions.map(companionRule),
  samePort,
  consolePort,
  consoleLogin,
  protectedDaemon,
  delegationNeedsZone,
  delegationIsSeparate,
  ...vaultRules
]

/** Violated rules between settings that are each valid. */
export const crossFieldProblems = (given: Given): ReadonlyArray<ConfigProblem> =>
  rules.flatMap(({ problems }) => problems(given))
