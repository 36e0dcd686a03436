// The arrows of the house. A folder may import itself, what its row names, and nothing else.
const effect = "^node_modules/(effect|@effect/platform|@effect/sql)/"
/** The durable kit: a package of this repository, used like one from elsewhere. */
const kit = "^packages/effect-restate/src/(index|node|ingress|admin|testing)\\.ts$"
/** The SDK of Restate's admin API. */
const adminClient = "^packages/effect-restate/src/admin\\.ts$"
/** The client of Restate's ingress, and the contracts that it sends by. */
const ingressClient = ["^packages/effect-restate/src/ingress\\.ts$", "^packages/effect-restate/src/index\\.ts$"]
const allowed = {
  text: [],
  names: [effect, "^src/text/", "^(node:)?(net|url)$", "^node_modules/tldts/"],
  contract: [effect, "^src/names/", "^src/text/", "^packages/effect-restate/src/index\\.ts$"],
  services: [effect, "^src/names/", "^src/text/"],
  operations: [effect, "^src/names/", "^src/text/", "^src/services/"],
  workflows: [effect, "^src/names/", "^src/text/", "^src/contract/", "^src/services/", kit, "^(node:)?crypto$"],
  "console/api": [effect, "^src/operations/"],
  "console/server": [
    effect,
    "^src/console/api/",
    "^src/text/",
    "^src/services/",
    "^src/operations/",
    "^node_modules/@effect/platform-node/",
    "^(node:)?(crypto|net)$"
  ],
  http: [effect, "^src/services/", "^src/operations/", "^node_modules/@effect/platform-node/", "^node_modules/prom-client/"]
}
const only = Object.entries(allowed).map(([folder, targets]) => ({
  name: `${folder.replace("/", "-")}-arrows`,
  severity: "error",
  comment: `src/${folder} may import: ${targets.join(", ")}`,
  from: { path: `^src/${folder}/` },
  to: { pathNot: [`^src/${folder}/`, ...targets] }
}))
/** Libraries that open connections, and the place in src/layers that takes their transport from them or bounds it. */
const vendors = [
  ["@aws-sdk", "dns/"],
  ["@clickhouse/client", "clickhouse/"],
  ["@depot/sdk-node", "builder/depot/"],
  ["@grpc/grpc-js", "builder/"],
  ["@octokit", "github/"],
  ["acme-client", "(acme/|PkiLive)"],
  ["mysql2", "mysql/"],
  ["node-vault", "vault/hashicorp/"]
]
module.exports = {
  forbidden: [
    ...only,
    {
      name: "layers-arrows",
      severity: "error",
      comment: "a layer knows services and its vendor SDK, never a workflow, a contract, the bridge or the server",
      from: { path: "^src/layers/" },
      to: { path: "^(src/(workflows|contract|http|main\\.ts)|packages/)", pathNot: [adminClient, ...ingressClient] }
    },
    {
      name: "kit-ingress-client",
      severity: "error",
      comment: "messages reach Restate's ingress through one service, whose calls are bounded",
      from: { path: "^src/layers/", pathNot: "^src/layers/(RestateIngressHttp|restateHttp)\\.ts$" },
      to: { path: ingressClient }
    },
    {
      name: "kit-admin-client",
      severity: "error",
      comment: "Restate's admin API is asked where its calls are bounded, and nowhere else",
      from: { path: "^src/", pathNot: "^src/layers/restateAdmin/" },
      to: { path: adminClient }
    },
    {
      name: "kit-is-the-only-importer-of-restate",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "@restatedev/" }
    },
    {
      name: "composition-belongs-to-main",
      severity: "error",
      comment: "settings become layers in one place; beside that, only commands know where they come from",
      from: { path: "^src/", pathNot: "^src/(main\\.ts|cli/|composition/|config)" },
      to: { path: "^src/(composition/|config)" }
    },
    {
      name: "commands-belong-to-main",
      severity: "error",
      comment: "a command is handed what it needs by the composition, and is known to the program alone",
      from: { path: "^src/", pathNot: "^src/(main\\.ts|cli/)" },
      to: { path: "^src/cli/" }
    },
    {
      name: "commands-arrows",
      severity: "error",
      comment: "a command asks services that the composition provides, never an adapter, the bridge or a workflow",
      from: { path: "^src/cli/" },
      to: { path: "^(src/(layers|http|workflows|migrations)|packages)/" }
    },
    {
      name: "outbound-is-the-only-http-client",
      severity: "error",
      comment: "calls to neighbours are bounded by src/layers/outbound; the others here are servers",
      from: { path: "^src/", pathNot: "^src/(layers/outbound/|composition/(console|observability)\\.ts)" },
      to: { path: "^(node:)?(https?|http2|tls)$|^node_modules/(undici|axios|got|node-fetch|ws)/" }
    },
    {
      name: "console-page-arrows",
      severity: "error",
      comment: "the console's page runs in a browser: it knows its UI library, and of the server the types of the answers",
      from: { path: "^src/console/page/" },
      to: { pathNot: ["^src/console/page/", "^node_modules/preact/"], dependencyTypesNot: ["type-only"] }
    },
    {
      name: "console-page-types",
      severity: "error",
      comment: "what the page knows of the server are the answers of its API",
      from: { path: "^src/console/page/" },
      to: { pathNot: ["^src/console/(page|api)/", "^node_modules/preact/"] }
    },
    {
      name: "console-page-is-a-program-of-its-own",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/console/page/" },
      to: { path: "^src/console/page/" }
    },
    ...vendors.map(([library, place]) => ({
      name: `outbound-library-${library.replaceAll(/[^a-z0-9-]+/g, "")}`,
      severity: "error",
      comment: "a library that may open connections is used where its calls are bounded, and nowhere else",
      from: { path: "^src/", pathNot: `^src/layers/${place}` },
      to: { path: `^node_modules/${library}/` }
    })),
    {
      name: "kit-knows-no-product",
      severity: "error",
      comment: "packages/effect-restate stands on Effect, Restate's SDK and Node",
      from: { path: "^packages/effect-restate/src/" },
      to: { pathNot: ["^packages/effect-restate/src/", "^node_modules/effect/", "^node_modules/@restatedev/restate-sdk/", "^node:", "^(crypto|http2|http|net|stream)$"] }
    },
    {
      name: "kit-has-a-front-door",
      severity: "error",
      comment: "what the package exports is what it promises",
      from: { path: "^src/" },
      to: { path: "^packages/", pathNot: kit }
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "nothing-imports-main", severity: "error", from: { path: "^src/" }, to: { path: "^src/main\\.ts$" } },
    { name: "product-does-not-import-tests", severity: "error", from: { path: "^src/" }, to: { path: "^(test|dev|bench|examples)/" } }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] }
  }
}
