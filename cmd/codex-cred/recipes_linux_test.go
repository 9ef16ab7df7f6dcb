package main

import (
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/helper/wire/kubernetes"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// A recipe runs one command in the ways that matter for what it prints, stores and sends. The
// privacy tests require a recipe for every command.
type recipe struct {
	command string
	steps   []step
}

// A step is one run of the program.
type step struct {
	args  []string
	stdin string
	env   string // an additional variable, NAME=VALUE
	code  int
	after time.Duration // time that passes before it
	fault string        // fault of the issuer, see authserver.ParseFault
	// prints: the output contains the access token.
	prints bool
	// email: the output contains the full e-mail address.
	email bool
	// chatGPT: only for the profile openai.
	chatGPT bool
	// during runs while the program does.
	during func(*canary)
}

// do returns a step with these arguments, which contain no spaces.
func do(args string) step { return step{args: strings.Fields(args)} }

func (s step) fails(code int) step    { s.code = code; return s }
func (s step) printing() step         { s.prints = true; return s }
func (s step) reading(in string) step { s.stdin = in; return s }
func (s step) later(fault string) step {
	s.after, s.fault = 3*time.Hour, fault
	return s
}

// outside is the placeholder for a file that may contain a token.
const outside = "OUTSIDE"

const dead = "invalid-grant grant=refresh_token"

// recipes returns the recipes in an order that leaves the accounts work and lab. The last recipe
// erases them.
func recipes(store string) []recipe {
	all := append(accountRecipes(store), callerRecipes()...)
	return append(all, recipe{"erase", []step{
		do("erase lab --dry-run"), do("erase nobody").fails(exit.NotFound), do("erase --all").fails(exit.Person), do("erase lab --revoke"),
		do("login lab"),
		{args: strings.Fields("erase lab --revoke"), code: exit.Findings, fault: "500 grant=revoke"},
		do("erase --all --yes"),
	}})
}

func accountRecipes(store string) []recipe {
	toKeychain := do("migrate work --to keychain")
	if store == home.StoreFile {
		toKeychain = toKeychain.fails(exit.Store) // there is none
	}
	login := do("login work --replace")
	return []recipe{
		{"login", []step{
			login, do("login lab"), do("login lab").fails(exit.Usage),
			{args: strings.Fields("login lab --replace"), fault: "access-denied grant=authorize", code: exit.SignIn},
			{args: strings.Fields("login lab --replace"), fault: "500 grant=authorization_code", code: exit.Temporary},
			{args: strings.Fields("login lab --replace --device"), during: (*canary).approveDevice},
		}},
		{"get", []step{
			do("get work").printing(), do("get work").later("").printing(), do("get work --refresh").printing(), do("get nobody").fails(exit.NotFound),
			do("get work").later("refresh_token_reused grant=refresh_token").fails(exit.SignIn), login,
			do("get work").later("500 grant=refresh_token").fails(exit.Temporary), do("get work").later("").printing(),
			do("get work").later("other-user grant=refresh_token").fails(exit.SignIn), login,
			do("get work").later("html-200 grant=refresh_token").fails(exit.Temporary), login,
		}},
		{"refresh", []step{do("refresh work"), do("refresh --all").later(""), do("refresh nobody").fails(exit.NotFound), do("refresh work").later(dead).fails(exit.SignIn), login}},
		{"list", []step{do("list"), {args: strings.Fields("list --show-email"), email: true}, do("list more").fails(exit.Usage)}},
		{"status", []step{do("status work"), {args: strings.Fields("status work --show-email"), email: true}, do("status nobody").fails(exit.NotFound)}},
		{"use", []step{do("use lab"), do("use nobody").fails(exit.NotFound), do("use work")}},
		{"rename", []step{do("rename lab lib"), do("rename lib lab"), do("rename nobody lib").fails(exit.NotFound)}},
		{"migrate", []step{do("migrate work --here"), toKeychain, do("migrate nobody --here").fails(exit.NotFound)}},
		{"store", []step{
			do("store odd --store file").reading("GIVEN"), do("get odd").later("").fails(exit.Temporary), do("status odd"), do("erase odd --revoke").fails(exit.Findings),
			do("store odd --store file").reading("METADATA"), do("store odd").reading("BROKEN").fails(exit.Usage),
			do("erase odd"),
		}},
		{"import", []step{
			do("import --from codex").fails(exit.NotFound), do("import --from - --dry-run --store file").reading("POOL"),
			{args: strings.Fields("import --from - --dry-run --show-email --store file"), stdin: "POOL", email: true},
			do("import --from - --keep-source --as odd --store file").reading("POOL"), do("status odd").fails(exit.SignIn), do("get odd --refresh").fails(exit.SignIn),
			do("import --from - --as odd").reading("BROKENPOOL").fails(exit.Usage), do("erase odd"),
		}},
		{"export", []step{
			{args: strings.Fields("export work --to codex-tokens " + outside), chatGPT: true},
			do("export nobody --to codex-tokens " + outside).fails(exit.NotFound),
			do("export work --to nothing " + outside).fails(exit.Usage),
		}},
	}
}

func callerRecipes() []recipe {
	const git = "protocol=https\nhost=git.example\n\n"
	const cluster = kubernetes.InfoVariable + `={"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",` +
		`"spec":{"cluster":{"server":"https://git.example"}}}`
	return []recipe{
		{"host add", []step{do("host add https://git.example work --allow-foreign-host"), do("host add https://chatgpt.com work"), do("host add http://git.example").fails(exit.Usage)}},
		{"host list", []step{do("host list")}},
		{"exec", []step{do("exec work -- env").printing(), do("exec nobody -- env").fails(exit.NotFound), do("exec work -- no-such-program").fails(exitNoCommand)}},
		{"helper git", []step{do("helper git get").reading(git).printing(), do("helper git get").reading("protocol=https\nhost=other.example\n\n"), do("helper git get").reading("broken").fails(exit.Other)}},
		{"helper docker", []step{do("helper docker get").reading("git.example").printing(), do("helper docker get").reading("other.example").fails(exit.Other), do("helper docker list"), do("helper docker version")}},
		{"helper goauth", []step{do("helper goauth").printing(), do("helper goauth https://git.example").reading("").printing()}},
		{"helper kubernetes", []step{
			{args: strings.Fields("helper kubernetes work"), env: cluster, prints: true},
			do("helper kubernetes nobody").fails(exit.NotFound),
			{args: strings.Fields("helper kubernetes lab"), env: cluster, code: exit.Other},
		}},
		{"helper claude", []step{do("helper claude work").printing(), do("helper claude work").later("").printing()}},
		{"host remove", []step{do("host remove https://git.example"), do("host remove https://other.example").fails(exit.NotFound)}},
		{"shim add", []step{do("shim add a-shim -- get work"), do("shim add ../x -- get").fails(exit.Usage)}},
		{"shim list", []step{do("shim list")}},
		{"shim remove", []step{do("shim remove a-shim"), do("shim remove b-shim").fails(exit.NotFound)}},
		{"setup", setupSteps()},
		{"paths", []step{do("paths"), do("paths more").fails(exit.Usage)}},
		{"privacy", []step{do("privacy"), do("privacy more").fails(exit.Usage)}},
		{"completion", []step{do("completion bash"), do("completion zsh"), do("completion fish"), do("completion powershell"), do("completion sh").fails(exit.Usage)}},
		{"__complete", []step{do("__complete -- get w"), do("__complete --new-word -- setup codex"), do("__complete -- erase --legacy=")}},
		{"man", []step{do("man"), do("man more").fails(exit.Usage)}},
		{"doctor", []step{
			do("doctor"), do("doctor work --fix").later(""), do("doctor --offline"), do("doctor nobody").fails(exit.NotFound), do("doctor work lab").fails(exit.Usage),
			do("get work").later(dead).fails(exit.SignIn), do("doctor").fails(exit.Findings), do("login work --replace"),
		}},
		{"version", []step{do("version"), do("version more").fails(exit.Usage)}},
	}
}

// setupSteps prints the snippet of each client.
func setupSteps() []step {
	clients := newProgram().clients()
	steps := append(make([]step, 0, 3+len(clients)), do("setup opencode work --write"), do("setup opencode --undo"), do("setup nothing").fails(exit.Usage))
	for _, c := range clients {
		steps = append(steps, do("setup "+c.name+" --allow-foreign-host"))
	}
	return steps
}

// A leaf is a command without subcommands.
type leaf struct {
	name    string
	formats []string // of --format; none without the flag
}

// leaves returns every command without subcommands.
func leaves(prefix string, commands []*cli.Command) []leaf {
	var list []leaf
	for _, c := range commands {
		if len(c.Subcommands) > 0 {
			list = append(list, leaves(prefix+c.Name+" ", c.Subcommands)...)
			continue
		}
		l := leaf{name: prefix + c.Name}
		for _, flag := range c.Flags {
			if f, ok := flag.(*choice); ok && f.Name == "format" {
				l.formats = f.words
			}
		}
		list = append(list, l)
	}
	return list
}

// approveDevice simulates the user who enters the code.
func (c *canary) approveDevice() {
	c.devices++
	must(c.t, c.server.Wait(c.t.Context(), authserver.GrantDevice, c.devices))
	for _, code := range c.server.WaitingDevices() {
		must(c.t, c.server.ApproveDevice(code))
	}
}
