import { Option } from "effect"
import { environmentName, type Setting, settingsByPath } from "../../src/config/Setting.ts"
import { fileVariable } from "../../src/config/secretFiles.ts"
import { settings } from "../../src/config/settings.ts"
import { writtenDefault } from "./render.ts"

const width = 100

const introduction = `# Written by \`npm run configuration\` from src/config: an example of the worker's environment.
#
# Copy it, take the # away before the settings that you need, and keep the copy out of version control. It is read by
#   kubectl create secret generic control-plane-worker --from-env-file=worker.env
#   docker run --env-file worker.env ...
#   EnvironmentFile=/etc/control-plane-worker/worker.env   (systemd)
# For kubectl and docker a value ends with its line, and quotes are a part of it.
#
# A value with line breaks, such as WORKER_GITHUB_PRIVATE_KEY_PEM, is one line with \\n for each break:
#   WORKER_GITHUB_PRIVATE_KEY_PEM=-----BEGIN RSA PRIVATE KEY-----\\nMIIE...\\n-----END RSA PRIVATE KEY-----
# Or, and always for systemd, which takes the backslash away, the variable that ends in _FILE names a file with the value:
#   WORKER_GITHUB_PRIVATE_KEY_PEM_FILE=/run/secrets/github.pem
#
# A value that is written here is the default. docs/configuration.md says what each setting accepts.`

/** The required settings have no default that an example could show. */
const requiredValues: Readonly<Record<string, string>> = {
  "database.primary": "worker:PASSWORD@tcp(mysql.example:3306)/unkey"
}

/** A sentence as comment lines of limited width. */
const comment = (text: string): string =>
  text.replaceAll(new RegExp(`(.{1,${width - 2}})(?:\\s+|$)`, "g"), "# $1\n").trimEnd()

const assignment = (path: string, setting: Setting<unknown>): ReadonlyArray<string> => {
  if (Option.isNone(setting.fallback)) return [`${environmentName(path)}=${requiredValues[path] ?? ""}`]
  return [`#${environmentName(path)}=${Option.getOrElse(writtenDefault(setting), () => "")}`]
}

const entry = (path: string, setting: Setting<unknown>): string =>
  [
    comment(`${setting.kind.isSecret === true ? "Secret. " : ""}${setting.meaning}`),
    ...assignment(path, setting),
    ...(setting.kind.isSecret === true ? [`#${fileVariable(path)}=`] : [])
  ].join("\n")

/** deploy/worker.env.example: every setting that has an effect, required ones active and all others commented out. */
export const renderEnvironmentExample = (): string => {
  const used = [...settingsByPath(settings)].filter(([, { isIgnored }]) => isIgnored !== true)
  return `${[introduction, ...used.map(([path, setting]) => entry(path, setting))].join("\n\n")}\n`
}
