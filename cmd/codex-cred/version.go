package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"
)

const version = "0.1.0"

// userAgent is what every request says of us.
const userAgent = "codex-cred/" + version

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the version",
		UsageText:   "codex-cred version [--format text|json]",
		Description: "codex-cred version\ncodex-cred version --format json",
		Flags:       []cli.Flag{formatFlag("text", "json")},
		Action: func(c *cli.Context) error {
			if err := p.noArguments(c); err != nil {
				return err
			}
			if c.String("format") == "text" {
				return write(p.stdout, fmt.Sprintf("codex-cred %s (%s/%s, %s)\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version()))
			}
			return writeJSON(p.stdout, struct {
				SchemaVersion int    `json:"schema_version"`
				Version       string `json:"version"`
				OS            string `json:"os"`
				Arch          string `json:"arch"`
				Go            string `json:"go"`
			}{schemaVersion, version, runtime.GOOS, runtime.GOARCH, runtime.Version()})
		},
	}
}
