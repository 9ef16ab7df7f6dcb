package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// version is the version of this build. The linker replaces it in a release, see packaging/build
// -v.
var version = "0.1.0"

// versionDate is the date of the version, for the man page.
const versionDate = "2026-11-24"

// userAgent is the User-Agent header of every request.
func userAgent() string { return "codex-cred/" + version }

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
			b := readBuild()
			if c.String("format") == "text" {
				return terminal.Write(p.Out, b.text())
			}
			return terminal.WriteJSON(p.Out, b)
		},
	}
}

// A build describes how this binary was built.
type build struct {
	SchemaVersion int    `json:"schema_version"`
	Version       string `json:"version"`
	OS            string `json:"os"`
	Arch          string `json:"arch"`
	Go            string `json:"go"`
	// Revision and Time are those of the source commit; they are empty if the build did not record
	// them.
	Revision string     `json:"revision,omitempty"`
	Time     *time.Time `json:"time,omitempty"`
	// Modified reports whether the source had uncommitted changes.
	Modified bool `json:"modified,omitempty"`
}

func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info.Settings)
}

func buildOf(settings []debug.BuildSetting) build {
	b := build{
		SchemaVersion: terminal.SchemaVersion,
		Version:       version,
		OS:            runtime.GOOS,
		Arch:          runtime.GOARCH,
		Go:            runtime.Version(),
	}
	for _, s := range settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "vcs.time":
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				b.Time = &t
			}
		}
	}
	return b
}

func (b build) text() string {
	text := fmt.Sprintf("codex-cred %s (%s/%s, %s", b.Version, b.OS, b.Arch, b.Go)
	if b.Revision != "" {
		text += ", revision " + b.Revision[:min(12, len(b.Revision))]
	}
	if b.Modified {
		text += ", modified"
	}
	return text + ")\n"
}
