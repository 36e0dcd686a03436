import { access, constants } from "node:fs/promises"
import { join } from "node:path"
import { Config, Effect, Option } from "effect"
import { debianArchive, unpackWithApt } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import { programOutput } from "./programOutput.ts"
import { devFolder } from "./RunDirectory.ts"
import { chooseSource, programOf, type Source } from "./Source.ts"
import { type ComponentFailed, ComponentMissing, type StackFailure } from "./StackFailure.ts"

const folder = join(devFolder, "kubectl")
const unpackedProgram = join(folder, "kubectl")

/** The signing keys of Debian's archive, present on Debian. Derivatives have their own archives, without this release. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

const output = (program: string, args: ReadonlyArray<string>) => programOutput("kubectl", program, args)

/** Whether `kubectl version --client` reports Kustomize 5, the first with `labels` and components as the manifests use them. */
export const hasKustomize5 = (version: string): boolean => /^Kustomize Version: v(?:[5-9]|\d\d+)\./m.test(version)

const isRecent = (program: string) =>
  output(program, ["version", "--client"]).pipe(
    Effect.map(hasKustomize5),
    Effect.orElseSucceed(() => false)
  )

const isReadable = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path, constants.R_OK)))

/** Debian 12's kubectl has Kustomize 2, so a program on the PATH may be too old. */
const findRecent = Effect.flatMap(findProgram("kubectl"), (installed) =>
  Effect.findFirst([...Option.toArray(installed), unpackedProgram], isRecent)
)

export const kubectlSource: Effect.Effect<Source<string, string>> = Effect.all({
  environment: Effect.orDie(Config.option(Config.nonEmptyString("STACK_KUBECTL"))),
  program: findRecent,
  docker: Effect.succeed(false),
  apt: Effect.every([canInstallPackages, isReadable(keyring)], (it) => it)
}).pipe(Effect.map(chooseSource))

const missing = new ComponentMissing({
  component: "kubectl with Kustomize 5",
  remedies: ["install kubectl 1.27 or newer", "STACK_KUBECTL=<path of kubectl>", "run as root on Debian"]
})

/** Null if this machine can provide a kubectl, else the reason why not. */
export const whyNoKubectl: Effect.Effect<string | null> = Effect.map(kubectlSource, (source) =>
  source._tag === "Missing" ? missing.message : null
)

/**
 * The static kubectl of Debian 13, downloaded with private package lists, so that the machine is not changed. Moved into place
 * atomically at the end.
 */
const unpack = `
cd "$0"
if ! test -x kubectl; then
  rm -rf new && mkdir -p new/lists/partial new/cache/archives/partial && cd new
  echo "deb [signed-by=$2] $1 trixie main" > sources.list
  : > status
  fetch() {
    apt-get -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$PWD/lists" \\
      -o Dir::State::Status="$PWD/status" -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root \\
      -o Acquire::Check-Valid-Until=false "$@"
  }
  fetch update
  fetch download kubectl
  dpkg -x kubectl_*.deb .
  mv usr/bin/kubectl ..
  cd .. && rm -rf new
fi
`

const unpacked = Effect.flatMap(debianArchive, (archive) =>
  unpackWithApt("kubectl", unpack, [folder, archive, keyring])
).pipe(Effect.as(unpackedProgram))

/** A kubectl with Kustomize 5: STACK_KUBECTL, else this machine's, else Debian's, unpacked below `.dev`. */
export const kubectlProgram: Effect.Effect<string, StackFailure> = Effect.flatMap(kubectlSource, (source) =>
  programOf(source, unpacked, missing)
)

/** The YAML documents of a kustomization. Does not read kubeconfig or access a cluster. */
export const renderKustomization = (kubectl: string, path: string): Effect.Effect<string, ComponentFailed> =>
  output(kubectl, ["kustomize", path])
