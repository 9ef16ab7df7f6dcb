package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/refresh"
)

func (p *program) privacyCommand() *cli.Command {
	return &cli.Command{
		Name:        "privacy",
		Usage:       "tell what is kept where and for how long, and what is sent to whom",
		UsageText:   "codex-cred privacy [--format text|json]",
		Description: "codex-cred privacy\ncodex-cred privacy --format json\ncodex-cred paths  # what of it there is on this computer",
		Flags:       []cli.Flag{formatFlag("text", "json")},
		Action:      p.privacy,
	}
}

// A page is the data of the privacy command.
type page struct {
	Stored  []kind    `json:"stored"`
	Older   []older   `json:"older"`
	Sent    []sending `json:"sent"`
	Besides []string  `json:"besides"`
	Never   []string  `json:"never"`
}

func (p *program) privacy(c *cli.Context) error {
	if err := p.noArguments(c); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	chatGPT, err := w.RefreshClient.Issuer(c.Context, refresh.Settings{})
	if err != nil {
		return err
	}
	all := page{kinds(), olderKinds(), sendings(chatGPT), besides(), never()}
	if c.String("format") == "json" {
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int    `json:"schema_version"`
			Data          string `json:"data"`
			State         string `json:"state"`
			page
		}{terminal.SchemaVersion, w.Root, w.Log.Root(), all})
	}
	return terminal.Write(p.Out, all.text()+fmt.Sprintf("\nHere %s is %s\nand %s is %s\n",
		dataName, terminal.Sanitize(w.Root), stateName, terminal.Sanitize(w.Log.Root())))
}

// text returns the page as text; the README has the same section.
func (a page) text() string {
	var b strings.Builder
	b.WriteString(wrapped("", places()))
	b.WriteString("\nKept on this computer:\n\n")
	for _, k := range a.Stored {
		b.WriteString(wrapped("- ", k.Name+": "+k.Keeps+". Kept "+k.Until+"."))
	}
	b.WriteString("\n" +
		wrapped("", "Of other tools, not ours, and deleted by erase --legacy alone (Codex's by --legacy=codex):") + "\n")
	for _, o := range a.Older {
		b.WriteString(wrapped("- ", o.Name+": "+strings.Join(o.Where, ", ")+"."))
	}
	b.WriteString("\nSent, by codex-cred itself, and only to the issuer that you signed in with:\n\n")
	for _, s := range a.Sent {
		b.WriteString(wrapped("- ", s.text()))
	}
	b.WriteString("\n" + wrapped("", "Each request says User-Agent: codex-cred/VERSION."))
	b.WriteString("\nBesides:\n\n")
	for _, text := range a.Besides {
		b.WriteString(wrapped("- ", text))
	}
	b.WriteString("\nNever sent:\n\n")
	for _, text := range a.Never {
		b.WriteString(wrapped("- ", text))
	}
	return b.String()
}

func (s sending) text() string {
	to := "With ChatGPT to " + s.ChatGPT + ", with another issuer to " + s.Others
	if s.ChatGPT == "" {
		to = "Not with ChatGPT; with another issuer to " + s.Others
	}
	with := "It carries nothing"
	if len(s.Carries) > 0 {
		with = "It carries " + strings.Join(s.Carries, ", ")
	}
	return fmt.Sprintf("%s: %s. %s. %s.", s.Request, s.When, to, with)
}

// wrapped breaks the text into lines. The first line begins with the mark, the others are indented
// by its width.
func wrapped(mark, text string) string { return filled(mark, strings.Fields(text)) }

// filled is wrapped for words that may contain spaces; it does not break them.
func filled(mark string, words []string) string {
	var b strings.Builder
	line := mark
	for i, word := range words {
		if i > 0 && len(line)+1+len(word) > pageWidth {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", len(mark))
		} else if i > 0 {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
