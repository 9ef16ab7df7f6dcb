package main

// The templates put examples first: most people read no further.
const (
	appHelp = `codex-cred: {{.Usage}}.
Tokens live in the keychain of your system; nothing is sent but to the issuer you sign in with.

Start with:
  codex-cred login              sign in with your browser, once
  codex-cred get                print a fresh access token, from any script
  codex-cred erase              delete every trace

Commands:{{range .VisibleCommands}}
  {{printf "%-9s" .Name}} {{.Usage}}{{end}}

Each command tells more: codex-cred get --help
`
	commandHelp = `{{.HelpName}}: {{.Usage}}

{{if .VisibleCommands}}Commands{{else}}Examples{{end}}:
{{indent 2 .Description}}

Usage:
  {{.UsageText}}
{{with .ArgsUsage}}
{{.}}
{{end}}{{if .VisibleFlags}}
Flags:
{{range .VisibleFlags}}  {{.}}
{{end}}{{end}}
Exit status:
  0 ok, 1 other, 2 usage, 3 not signed in, 4 sign-in required, 5 temporary,
  6 store locked, unavailable or full, 7 busy, 8 needs a person,
  10 not everything could be removed, 130 interrupted
`
)
