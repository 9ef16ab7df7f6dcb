// What the scripts do not come upon of the plugin, which is the first argument.
// It runs in the JavaScript engine that OpenCode has, against an API and a
// codex-cred that are both below.
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { createServer } from "node:http"
import { inspect } from "node:util"

if (process.argv[2] === "codex-cred") codexCred(...process.argv.slice(3))
else await tests(process.argv[2])

// codexCred behaves as its first argument says.
function codexCred(behaviour, ...flags) {
  const digest = createHash("sha256").update(jwt()).digest("hex")
  const refused = flags.indexOf("--rejected-sha256")
  const token = refused >= 0 && flags[refused + 1] === digest ? "token-two" : jwt()
  const fail = (status, line) => {
    console.log(token)
    if (line) console.error(line + "\n{\"error\":\"of json\"}")
    process.exit(status)
  }
  switch (behaviour) {
    case "good":
      console.error("codex-cred: warning: something")
      return console.log(JSON.stringify({ access_token: token, account_id: "account-1" }))
    case "silent":
      return fail(1)
    case "text":
      return console.log(token)
    case "temporary":
      return fail(5, "codex-cred: the keychain is unavailable; try again later")
    case "lasting":
      return fail(6, "codex-cred: the keychain is unavailable; try again later")
    case "unlucky":
      return flags.includes("--rejected-sha256") ? fail(5, "codex-cred: too young; try again later") : codexCred("good", ...flags)
    case "endless":
      process.on("SIGTERM", () => process.exit(0))
      return setInterval(() => {}, 1000)
  }
}

function jwt() {
  const claims = { "https://api.openai.com/auth": { chatgpt_compute_residency: "eu" } }
  return `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.token-one`
}

async function tests(path) {
  const { default: plugin } = await import(path)
  const seen = []
  let statuses = []
  const api = createServer((request, response) => {
    let body = ""
    request.on("data", (part) => (body += part))
    request.on("end", () => {
      seen.push({ url: request.url, body, headers: request.headers })
      response.writeHead(statuses.shift() ?? 200)
      response.end("answer")
    })
  })
  await new Promise((listening) => api.listen(0, "127.0.0.1", listening))
  const base = `http://127.0.0.1:${api.address().port}`
  const RESPONSES = "https://api.openai.com/v1/responses"
  const marker = { type: "oauth", refresh: "codex-cred", access: "codex-cred" }
  const command = (behaviour) => [process.execPath, process.argv[1], "codex-cred", behaviour]
  const load = async (options, entry = marker) => {
    const hooks = await plugin.server({}, { endpoint: `${base}/responses`, ...options })
    assert.equal(hooks.auth.provider, "openai")
    return hooks.auth.loader(async () => entry)
  }
  // asks makes a request; those that came of it are in seen.
  const asks = async (options, input = RESPONSES, init = { method: "POST", body: "text" }) => {
    seen.length = 0
    return (await load(options)).fetch(input, init)
  }
  // fails wants the error's text, and no token in any part of it.
  const fails = async (want, options, init) => {
    const error = await asks(options, RESPONSES, init).then(() => assert.fail(`no error: ${want}`), (e) => e)
    assert.match(error.message, want)
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }) + error.stack, /token-(one|two)/)
  }

  // Only the marker is ours.
  for (const entry of [null, { type: "api", key: "codex-cred" }, { ...marker, refresh: "theirs" }]) {
    assert.deepEqual(await load({ command: command("good") }, entry), {})
  }

  // A token, its account and where its data stays; what OpenCode sends besides stays.
  const init = { method: "POST", body: "text", headers: { originator: "opencode", authorization: "Bearer codex-cred" } }
  assert.equal((await asks({ command: command("good") }, RESPONSES, init)).status, 200)
  assert.equal(seen.length, 1)
  assert.equal(seen[0].url, "/responses")
  assert.equal(seen[0].headers.authorization, `Bearer ${jwt()}`)
  assert.equal(seen[0].headers["chatgpt-account-id"], "account-1")
  assert.equal(seen[0].headers["x-openai-internal-codex-residency"], "eu")
  assert.equal(seen[0].headers.originator, "opencode")

  // After a 401 the whole body goes once more, in whatever form it came; never twice.
  const stream = () => new Response("a long body").body
  for (const request of [
    () => [RESPONSES, { method: "POST", body: "a long body" }],
    () => [RESPONSES, { method: "POST", body: stream(), duplex: "half" }],
    () => [new Request(RESPONSES, { method: "POST", body: stream(), duplex: "half" }), {}],
    () => [new URL("https://api.openai.com/v1/chat/completions"), { method: "POST", body: new TextEncoder().encode("a long body") }],
  ]) {
    for (const last of [200, 401]) {
      statuses = [401, last]
      assert.equal((await asks({ command: command("good") }, ...request())).status, last)
      assert.deepEqual(seen.map((s) => s.body), ["a long body", "a long body"])
      assert.deepEqual(seen.map((s) => s.headers.authorization), [`Bearer ${jwt()}`, "Bearer token-two"])
    }
  }

  // Other addresses get no token.
  const other = await asks({ command: command("good") }, `${base}/v1/models`, {})
  assert.equal(other.status, 200)
  assert.equal(seen[0].headers.authorization, undefined)

  // So does a gateway of the person's own, whatever its paths are: its requests pass as
  // they are, and codex-cred is not asked.
  const { fetch } = globalThis
  const fetcher = (await load({ command: command("silent") })).fetch
  for (const address of [
    "https://gateway.example/v1/responses", "https://gateway.example/v1/chat/completions",
    "https://api.openai.com.example/v1/responses", "https://example.com/api.openai.com/v1/responses", "https://eu.api.openai.com/v1/responses",
    "https://api.openai.com:8443/v1/responses", "http://api.openai.com/v1/responses", "https://api.openai.com@gateway.example/v1/responses",
    "https://user:secret@api.openai.com/v1/responses", "https://chatgpt.com/v1/responses", "https://api.openai.com/v1/files", `${base}/v1/responses`,
  ]) {
    const own = { method: "POST", body: "text", headers: { authorization: "Bearer their own" } }
    for (const input of address.includes("@") ? [address, new URL(address)] : [address, new URL(address), new Request(address, own)]) {
      let passed
      globalThis.fetch = async (...args) => ((passed = args), new Response("answer"))
      await fetcher(input, own).finally(() => (globalThis.fetch = fetch))
      assert.equal(passed[0], input)
      assert.equal(passed[1], own)
      assert.deepEqual(own, { method: "POST", body: "text", headers: { authorization: "Bearer their own" } })
    }
  }
  assert.equal((await asks({ command: command("good") }, "https://API.openai.com:443/v1/responses?x=1")).status, 200)
  assert.equal(seen[0].url, "/responses")

  // Errors are our line. What passes OpenCode may repeat; what lasts it may not take for that.
  await fails(/^codex-cred: the keychain is unavailable; try again later$/, { command: command("temporary") })
  await fails(/^codex-cred: the keychain is not available$/, { command: command("lasting") })
  await fails(/^codex-cred: .* failed without a word \(exit status 1\); try it by hand$/, { command: command("silent") })
  await fails(/^codex-cred: .* printed no token; is it codex-cred\?$/, { command: command("text") })
  await fails(/^codex-cred: \/no\/such cannot be run \(ENOENT\); run: codex-cred setup opencode --write$/, { command: ["/no/such", "get"] })
  for (const bad of ["codex-cred get", [], [""], [1], {}]) await fails(/the option "command" of the plugin is no list of words/, { command: bad })
  assert.equal(seen.length, 0)
  statuses = [401]
  await fails(/^codex-cred: too young$/, { command: command("unlucky") })
  assert.equal(seen.length, 1)

  // A token goes nowhere where others could listen, whoever says so.
  for (const endpoint of ["http://example.com/responses", "ftp://127.0.0.1/", "nothing", "http://127.0.0.1.example.com/"]) {
    await fails(/the option "endpoint" of the plugin is no https address/, { command: command("silent"), endpoint })
  }
  process.env.CODEX_CRED_OPENCODE_ENDPOINT = "http://example.com/"
  assert.equal((await asks({ command: command("good") })).status, 200)
  process.env.CODEX_CRED_OPENCODE_ENDPOINT = `${base}/verified`
  assert.equal((await asks({ command: command("good"), endpoint: "https://example.com/" })).status, 200)
  assert.equal(seen[0].url, "/verified")
  delete process.env.CODEX_CRED_OPENCODE_ENDPOINT

  // Who gives up is not kept waiting.
  const controller = new AbortController()
  const waiting = asks({ command: command("endless") }, RESPONSES, { method: "POST", body: "text", signal: controller.signal })
  controller.abort()
  assert.equal((await waiting.catch((e) => e)).name, "AbortError")

  api.close()
  console.log("all passed")
}
