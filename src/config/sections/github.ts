import { httpUrl } from "../httpAddresses.ts"
import { count, flag } from "../kinds.ts"
import { privateKeyPem } from "../privateKeyPem.ts"
import { type Given, isGiven, optional, redacted, withDefault } from "../Setting.ts"

const hasApp = (given: Given): boolean => isGiven(given, "github.private_key_pem")

/** Where sources come from. */
export const github = {
  appId: withDefault(
    count,
    0,
    "The id of the GitHub App that reads repositories and reports commit statuses. 0: no App, also beside a private key if `allow_unauthenticated_deployments` is true."
  ),
  privateKeyPem: optional(redacted(privateKeyPem), "The App's private key in PEM."),
  apiUrl: withDefault(
    httpUrl({ secret: "tokens of the GitHub App", when: hasApp }),
    "https://api.github.com",
    "The address of GitHub's API; of a GitHub Enterprise Server: `https://<host>/api/v3`."
  ),
  gitUrl: optional(
    httpUrl({ secret: "tokens of the GitHub App", when: hasApp }),
    "The address from which git clones. Default: derived from `github.api_url`."
  ),
  allowUnauthenticatedDeployments: withDefault(
    flag,
    false,
    "Whether builds read repositories without the App, even if one is configured. Then only public repositories can be built, and commits get no statuses."
  )
}
