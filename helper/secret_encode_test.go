package helper_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// TestSecret_Slog logs every value at the top, in groups and as an attribute
// of the logger.
func TestSecret_Slog(t *testing.T) {
	secret := newParts()
	var out bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	for name, handler := range map[string]slog.Handler{
		"text": slog.NewTextHandler(&out, options),
		"JSON": slog.NewJSONHandler(&out, options),
	} {
		for what, value := range values() {
			out.Reset()
			log := slog.New(handler).With("with", value).WithGroup("g").With("in group", value)
			log.Info("top", "value", value, "list", []any{value}, slog.Group("group", "value", value))
			log.Error(fmt.Sprint(value), slog.Any("any", slog.AnyValue(value)))
			if part := secret.in(out.String()); part != "" {
				t.Errorf("%s handler with %s writes %q of the secret", name, what, part)
			}
			if out.Len() == 0 {
				t.Errorf("%s handler with %s writes nothing", name, what)
			}
		}
	}
}

// TestSecret_LogValue is for handlers that know nothing of text forms.
func TestSecret_LogValue(t *testing.T) {
	got := slog.AnyValue(helper.NewSecret(secretText)).Resolve()
	if got.String() != "[secret]" || fmt.Sprint(got.Any()) != "[secret]" {
		t.Errorf("the log value is %v, want the placeholder", got)
	}
}

func TestSecret_JSON(t *testing.T) {
	secret := newParts()
	for name, value := range values() {
		out, err := json.Marshal(value)
		if part := secret.in(string(out) + fmt.Sprint(err)); part != "" {
			t.Errorf("JSON of %s has %q of the secret", name, part)
		}
	}
	out, err := json.Marshal(struct{ S helper.Secret }{helper.NewSecret(secretText)})
	if string(out) != `{"S":"[secret]"}` || err != nil {
		t.Errorf("JSON of a member is %s, %v; want the placeholder", out, err)
	}
}

func TestSecret_XML(t *testing.T) {
	s := helper.NewSecret(secretText)
	out, err := xml.Marshal(struct {
		XMLName   xml.Name      `xml:"x"`
		Element   helper.Secret `xml:"e"`
		Attribute helper.Secret `xml:"a,attr"`
	}{Element: s, Attribute: s})
	if string(out) != `<x a="[secret]"><e>[secret]</e></x>` || err != nil {
		t.Errorf("XML is %s, %v; want placeholders", out, err)
	}
}

// TestSecret_Gob checks that gob, which knows no text forms, finds nothing in a
// secret to write: a value with one is an error.
func TestSecret_Gob(t *testing.T) {
	secret := newParts()
	s := helper.NewSecret(secretText)
	for name, value := range map[string]any{
		"secret": s, "slice": []helper.Secret{s}, "credential": helper.Credential{AccessToken: s},
	} {
		var out bytes.Buffer
		err := gob.NewEncoder(&out).Encode(value)
		if err == nil {
			t.Errorf("gob of %s is no error", name)
		}
		if part := secret.in(out.String() + fmt.Sprint(err)); part != "" {
			t.Errorf("gob of %s has %q of the secret", name, part)
		}
	}
}

func TestSecret_Template(t *testing.T) {
	secret := newParts()
	text := `{{.}} {{printf "%d %x %#v %s" . . . .}} {{print .}} {{html .}} {{js .}} {{urlquery .}}`
	page := template.Must(template.New("page").Parse(text))
	for name, value := range values() {
		var out strings.Builder
		if err := page.Execute(&out, value); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if part := secret.in(out.String()); part != "" {
			t.Errorf("a template prints %q of the secret of %s", part, name)
		}
	}
}

// panics are the ways in which a secret can end a program.
func panics() map[string]func(helper.Secret) {
	return map[string]func(helper.Secret){
		"secret":     func(s helper.Secret) { panic(s) },
		"pointer":    func(s helper.Secret) { panic(&s) },
		"hidden":     func(s helper.Secret) { panic(struct{ s helper.Secret }{s}) },
		"holder":     func(s helper.Secret) { panic(newHolder(s)) },
		"printed":    func(s helper.Secret) { panic(fmt.Sprint(s, &s, newHolder(s))) },
		"error":      func(s helper.Secret) { panic(fmt.Errorf("%v: %w", s, errors.New("cause"))) },
		"credential": func(s helper.Secret) { panic(helper.Credential{AccessToken: s}) },
		"again": func(s helper.Secret) {
			defer func() { panic(fmt.Errorf("%v, %v", recover(), s)) }()
			panic(s)
		},
	}
}

func panicWith(name string) { panics()[name](helper.NewSecret(secretText)) }

// TestSecret_Panic reads what a process of its own prints when it panics, the
// arguments in the traces of all goroutines included.
func TestSecret_Panic(t *testing.T) {
	secret := newParts()
	for name := range panics() {
		t.Run(name, func(t *testing.T) {
			out := panicOutput(t, name)
			if !strings.Contains(out, "panic: ") || !strings.Contains(out, "panicWith") {
				t.Fatalf("the process did not end as it should:\n%s", out)
			}
			if part := secret.in(out); part != "" {
				t.Errorf("%q of the secret in:\n%s", part, out)
			}
		})
	}
}

func panicOutput(t *testing.T, name string) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "--", name)
	cmd.Env = append(cmd.Environ(), "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		t.Fatalf("run the test binary: %v", err)
	}
	return string(out)
}
