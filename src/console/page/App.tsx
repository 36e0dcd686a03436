import type { AboutJson } from "../api/about.ts"
import { AboutProvider } from "./About.tsx"
import { getAnswer } from "./api.ts"
import { Build } from "./Build.tsx"
import { Builds } from "./Builds.tsx"
import { Certificates } from "./Certificates.tsx"
import { clean } from "./clean.ts"
import { Deployment } from "./Deployment.tsx"
import { Deployments } from "./Deployments.tsx"
import { Domain } from "./Domain.tsx"
import { Domains } from "./Domains.tsx"
import { Invocation } from "./Invocation.tsx"
import { Invocations } from "./Invocations.tsx"
import { Empty } from "./ui/notices.tsx"
import { Page } from "./ui/Page.tsx"
import { RefreshButton, useResource } from "./ui/resource.tsx"
import { useRoute } from "./ui/route.tsx"
import { Shell } from "./ui/Shell.tsx"

const sections = [
  ["invocations", "Invocations"],
  ["deployments", "Deployments"],
  ["domains", "Domains"],
  ["certificates", "Certificates"],
  ["builds", "Builds"]
] as const

const partsOf = (path: string): ReadonlyArray<string> => {
  const parts = path.split("/").filter((part) => part !== "")
  return parts.map((part) => {
    try {
      return decodeURIComponent(part)
    } catch {
      // A percent sign that begins no escape.
      return part
    }
  })
}

/** `/` is the list of invocations. */
const Content = () => {
  const { path } = useRoute()
  const [section = "invocations", id, ...more] = partsOf(path)
  if (more.length === 0) {
    switch (section) {
      case "invocations":
        return id === undefined ? <Invocations /> : <Invocation key={path} id={id} />
      case "deployments":
        return id === undefined ? <Deployments /> : <Deployment key={path} id={id} />
      case "domains":
        return id === undefined ? <Domains /> : <Domain key={path} name={id} isCertificate={false} />
      case "certificates":
        return id === undefined ? <Certificates /> : <Domain key={path} name={id} isCertificate />
      case "builds":
        return id === undefined ? <Builds /> : <Build key={path} id={id} />
    }
  }
  return (
    <Page title="Not found">
      <Empty>There is no such page.</Empty>
    </Page>
  )
}

const Navigation = () => {
  const { path } = useRoute()
  const [current = "invocations"] = partsOf(path)
  return (
    <>
      {sections.map(([folder, title]) => (
        <a key={folder} href={`/${folder}`} {...(current === folder ? { "aria-current": "page" as const } : {})}>
          {title}
        </a>
      ))}
    </>
  )
}

const Aside = ({ about }: { readonly about: AboutJson | undefined }) => (
  <>
    {about === undefined ? null : (
      <span class="dim">
        {about.user === null ? "" : `${clean(about.user, 64)} · `}
        {about.version}
        {about.actions ? "" : " · read-only"}
      </span>
    )}
    <RefreshButton />
    {about?.hasLogin && about.user === null ? (
      <form method="post" action="/logout">
        <button type="submit">Log out</button>
      </form>
    ) : null}
  </>
)

export const App = () => {
  const about = useResource("about", (signal) => getAnswer<AboutJson>("/api/about", signal), 0).data?.data
  return (
    <AboutProvider about={about}>
      <Shell brand="Control plane worker" navigation={<Navigation />} aside={<Aside about={about} />}>
        <Content />
      </Shell>
    </AboutProvider>
  )
}
