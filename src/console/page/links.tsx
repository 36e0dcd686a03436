import { useAbout } from "./About.tsx"
import { clean } from "./clean.ts"

const idLimit = 128

const linkTo = (folder: string) => (properties: { readonly id: string; readonly text?: string }) => (
  <a href={`/${folder}/${encodeURIComponent(properties.id)}`}>
    <bdi>{clean(properties.text ?? properties.id, idLimit)}</bdi>
  </a>
)

export const InvocationLink = linkTo("invocations")
export const DeploymentLink = linkTo("deployments")
export const DomainLink = linkTo("domains")
export const CertificateLink = linkTo("certificates")
export const BuildLink = linkTo("builds")

const External = ({ href, text }: { readonly href: string; readonly text: string }) => (
  <a class="button" href={href} target="_blank" rel="noreferrer">
    {text}
  </a>
)

export const RestateUiLink = ({ invocation }: { readonly invocation: string }) => {
  const { restateUi } = useAbout()
  if (restateUi === null) return null
  return (
    <External
      href={`${restateUi.replace(/\/+$/, "")}/invocations/${encodeURIComponent(invocation)}`}
      text="Open in Restate"
    />
  )
}

export const TraceLink = ({ traceId }: { readonly traceId: string | null }) => {
  const { traceUrl } = useAbout()
  if (traceUrl === null || traceId === null) return null
  return <External href={traceUrl.replaceAll("{trace_id}", encodeURIComponent(traceId))} text="Open the trace" />
}
