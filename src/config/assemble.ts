import { Option } from "effect"
import type { Settings } from "./settings.ts"
import { assembleVault } from "./vault.ts"

const assembleAcme = ({ route53, ...acme }: Settings["acme"]) => ({
  ...acme,
  externalAccount: Option.all({ keyId: acme.externalAccount.keyId, hmacKey: acme.externalAccount.hmacKey }),
  route53: Option.filter(
    Option.all({
      accessKeyId: route53.accessKeyId,
      secretAccessKey: route53.secretAccessKey,
      region: Option.some(route53.region),
      hostedZoneId: Option.some(route53.hostedZoneId),
      endpoint: Option.some(route53.endpoint)
    }),
    () => acme.enabled && route53.enabled
  )
})

/** github.com has its API on a separate host; an Enterprise Server below its own address. */
const gitUrlOf = (apiUrl: string): string =>
  apiUrl === "https://api.github.com" ? "https://github.com" : new URL(apiUrl).origin

const assembleGitHub = (github: Settings["github"]) => ({
  app: Option.filter(
    Option.map(github.privateKeyPem, (privateKeyPem) => ({ appId: github.appId, privateKeyPem })),
    ({ appId }) => appId !== 0
  ),
  apiUrl: github.apiUrl,
  gitUrl: Option.getOrElse(github.gitUrl, () => gitUrlOf(github.apiUrl)),
  allowUnauthenticatedDeployments: github.allowUnauthenticatedDeployments
})

/** Groups settings that belong together: such a group is present as a whole or absent. */
export const assemble = (read: Settings, instanceId: string) => ({
  ...read,
  instanceId,
  vault: assembleVault(read.vault),
  acme: assembleAcme(read.acme),
  depot: Option.map(read.depot.apiUrl, (apiUrl) => ({ ...read.depot, apiUrl })),
  registry: Option.map(
    Option.all({ url: read.registry.url, username: read.registry.username, password: read.registry.password }),
    (registry) => ({ ...registry, insecure: read.registry.insecure })
  ),
  github: assembleGitHub(read.github)
})
