// This file belongs to codex-cred, which replaces and removes it.
//
// OpenCode 1.18 asks codex-cred for the ChatGPT token of each request.
//
// "codex-cred setup opencode --write" installs this file, names it in
// opencode.json and puts the entry MARKER into OpenCode's auth.json, where tokens
// would be:
//
//   "plugin": [["./codex-cred.js", {"command": ["/usr/bin/codex-cred", "get"]}]]
//
// Options: command, the whole path of codex-cred and what follows it, such as
// "get" and an account; endpoint, the address of the API. "setup opencode --verify"
// names another endpoint, on this computer, in the variable VERIFY.
//
// The token is kept in no variable that outlives its request, and is part of no
// error, because OpenCode shows those and writes them to its log.

import { execFile } from "node:child_process"
import { createHash } from "node:crypto"

const MARKER = "codex-cred"
const COMMAND = ["codex-cred", "get"]
const API = "https://api.openai.com"
const ENDPOINT = "https://chatgpt.com/backend-api/codex/responses"
const VERIFY = "CODEX_CRED_OPENCODE_ENDPOINT"
const FAR = 253402300799000 // the end of the year 9999: OpenCode itself never refreshes the marker
const REJECTED = "--rejected-sha256"
const PATIENCE = 60_000 // milliseconds; codex-cred gives up after 30 s

// isMarker tells our entry from a sign-in of OpenCode's own, which is not touched.
const isMarker = (entry) => entry?.type === "oauth" && entry.refresh === MARKER

// failure is an error that OpenCode shows as it is.
const failure = (text) => new Error(text.startsWith("codex-cred: ") ? text : `codex-cred: ${text}`)

// OpenCode takes some words for passing troubles of a provider: it repeats the
// request for a minute, and shows a text of its own meanwhile. That is right for
// what passes (exit status 5), and wrong for a keychain that is unavailable, and
// for a token that was refused a moment ago.
const lasting = (line) => line.replace(/unavailable/gi, "not available").replace(/; try again later$/, "")

// explain says why a command failed. It takes nothing from the error that Node
// makes: that holds what the command printed.
function explain(command, error, stderr) {
  const line = String(stderr).split("\n", 1)[0].trim()
  if (line) return failure(error.code === 5 && !command.includes(REJECTED) ? line : lasting(line))
  if (error.name === "AbortError") return new DOMException("The operation was aborted.", "AbortError")
  if (error.killed) return failure(`no answer within ${PATIENCE / 1000} seconds; try again`)
  if (typeof error.code === "string") {
    return failure(`${command[0]} cannot be run (${error.code}); run: codex-cred setup opencode --write`)
  }
  return failure(`${command[0]} failed without a word (exit status ${error.code}); try it by hand`)
}

// run returns what the command prints.
function run(command, signal) {
  return new Promise((resolve, reject) => {
    const options = { encoding: "utf8", timeout: PATIENCE, windowsHide: true, signal }
    const child = execFile(command[0], command.slice(1), options, (error, stdout, stderr) => {
      if (error) reject(explain(command, error, stderr))
      else resolve(stdout)
    })
    child.stdin?.end()
  })
}

// ask returns what codex-cred says of the account: access_token and account_id.
async function ask(command, signal, ...more) {
  if (!Array.isArray(command) || command.length === 0 || command.some((word) => typeof word !== "string" || !word)) {
    throw failure("the option \"command\" of the plugin is no list of words; run: codex-cred setup opencode --write")
  }
  const printed = await run([...command, "--format", "json", ...more], signal)
  let answer
  try {
    answer = JSON.parse(printed)
  } catch {
    // The error would quote what was printed.
  }
  if (!answer?.access_token) throw failure(`${command[0]} printed no token; is it codex-cred?`)
  return answer
}

// residencyOf returns where the account's data has to stay, if the token says so.
function residencyOf(token) {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString())
    const where = claims["https://api.openai.com/auth"]?.chatgpt_compute_residency ?? claims.chatgpt_compute_residency
    return typeof where === "string" && where !== "no_constraint" ? where : ""
  } catch {
    return ""
  }
}

const isHere = (url) => url?.protocol === "http:" && ["127.0.0.1", "[::1]"].includes(url.hostname)

// verifying returns the endpoint of a verification, which is on this computer.
function verifying() {
  const endpoint = process.env[VERIFY]
  return URL.canParse(endpoint) && isHere(new URL(endpoint)) ? endpoint : undefined
}

// checked returns the endpoint. A token goes nowhere where others could listen.
function checked(endpoint) {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url?.protocol === "https:" || isHere(url)) return url
  throw failure("the option \"endpoint\" of the plugin is no https address; mend it in opencode.json")
}

// whole returns the body in a form that can be sent twice.
async function whole(body) {
  return body instanceof ReadableStream ? new Uint8Array(await new Response(body).arrayBuffer()) : body
}

// isTheirs reports whether the request is one for a model at OpenAI's own API, where
// OpenCode's provider sends it unless a person configured another address. That may be
// a gateway of theirs with the same paths, which is not to be bypassed.
function isTheirs(address) {
  const url = URL.canParse(address) ? new URL(address) : null
  return url?.origin === API && !url.username && !url.password && /\/v1\/responses|\/chat\/completions/.test(url.pathname)
}

// fetcher returns what OpenCode uses in the place of fetch.
const fetcher = ({ command, endpoint }) => async (input, init = {}) => {
  const request = input instanceof Request ? input : { url: String(input) }
  if (!isTheirs(request.url)) return fetch(input, init)
  const url = checked(verifying() ?? endpoint)
  const signal = init.signal ?? request.signal
  const body = await whole(init.body ?? request.body)
  const send = ({ access_token: token, account_id: account }) => {
    const headers = new Headers(init.headers ?? request.headers)
    headers.set("authorization", `Bearer ${token}`)
    if (account) headers.set("ChatGPT-Account-Id", account)
    const residency = residencyOf(token)
    if (residency) headers.set("x-openai-internal-codex-residency", residency)
    return fetch(url, { ...init, method: init.method ?? request.method, headers, body, signal, redirect: "error" })
  }
  const answer = await ask(command, signal)
  const response = await send(answer)
  if (response.status !== 401) return response
  await response.body?.cancel()
  const digest = createHash("sha256").update(answer.access_token).digest("hex")
  return send(await ask(command, signal, REJECTED, digest))
}

const server = async (_context, options) => {
  const settings = { command: COMMAND, endpoint: ENDPOINT, ...options }
  return {
    auth: {
      provider: "openai",
      methods: [
        {
          type: "oauth",
          label: "codex-cred",
          authorize: async () => ({
            url: "",
            method: "auto",
            instructions: "codex-cred keeps the sign-in",
            callback: async () => {
              await ask(settings.command)
              return { type: "success", refresh: MARKER, access: MARKER, expires: FAR }
            },
          }),
        },
      ],
      loader: async (entry) => (isMarker(await entry()) ? { apiKey: MARKER, fetch: fetcher(settings) } : {}),
    },
  }
}

export default { id: "codex-cred", server }
