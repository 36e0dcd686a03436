import { HttpServerResponse } from "@effect/platform"

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

interface LoginPage {
  /** Why the last attempt failed; may be empty. */
  readonly problem: string
  /** Where the login leads. */
  readonly next: string
  readonly status: number
}

/** The form of the token. It needs no script. */
export const loginPage = ({ next, problem, status }: LoginPage): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · control plane worker</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/login.css">
</head>
<body>
<main>
<h1>Control plane worker</h1>
<form method="post" action="/login">
<label for="token">Token of this console</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input name="next" type="hidden" value="${escaped(next)}">
<p role="alert">${escaped(problem)}</p>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
`,
    { status, contentType: "text/html; charset=utf-8" }
  )

/** `GET /login.css`. */
export const loginStyle: HttpServerResponse.HttpServerResponse = HttpServerResponse.text(
  `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 22rem; margin: 15vh auto 0; padding: 0 1rem; }
h1 { font-size: 1.25rem; }
form { display: grid; gap: 0.5rem; }
input, button { font: inherit; padding: 0.5rem 0.75rem; }
p:empty { display: none; }
p { margin: 0; color: light-dark(#b00020, #ff8a80); }
`,
  { contentType: "text/css; charset=utf-8" }
)
