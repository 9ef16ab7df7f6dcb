package moving

import (
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
	"github.com/codex-cred/codex-cred/packaging/opencode"
)

// providers returns the entries in which OpenCode keeps a ChatGPT sign-in. One version wrote
// refreshed tokens to the second by mistake.
func providers() []string { return []string{"openai", "codex"} }

func openCodeEntries(root object) ([]Entry, error) {
	var entries []Entry
	for _, name := range providers() {
		provider, ok, err := root.child(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		e, ok, err := openCodeEntry(name, provider)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func openCodeEntry(name string, o object) (e Entry, ok bool, err error) {
	t, err := o.texts("type", "refresh", "access", "accountId")
	if err != nil || t["type"] != "oauth" || t["refresh"] == opencode.Marker {
		return Entry{}, false, err // an API key, or our plugin's marker
	}
	expiry, err := o.millis("expires")
	if err != nil {
		return Entry{}, false, err
	}
	e = Entry{
		Place: name, Name: string(OpenCode),
		Access: helper.NewSecret(t["access"]), Refresh: helper.NewSecret(t["refresh"]),
		Expiry: expiry, Identity: helper.Identity{AccountID: t["accountId"]},
	}
	return e.withProblem(), true, nil
}

// withProblem returns the entry, or only its identification and a Problem if it cannot be moved.
func (e Entry) withProblem() Entry {
	problem := ""
	switch {
	case e.Refresh.IsZero():
		problem = "it has no refresh token"
	case e.Access.IsZero():
		problem = "it has no access token; use it once there, so that it gets one"
	default:
		return e
	}
	return Entry{Place: e.Place, Name: e.Name, Refresh: e.Refresh, Problem: problem}
}

func openCodeWithout(doc []byte, pick func(helper.Secret) bool) ([]byte, error) {
	root, err := readObject(doc)
	if err != nil {
		return nil, err
	}
	for _, name := range providers() {
		provider, ok, err := root.child(name)
		if err != nil {
			return nil, err
		}
		refresh, err := provider.text("refresh")
		if err != nil {
			return nil, err
		}
		if !ok || !pick(helper.NewSecret(refresh)) {
			continue
		}
		if doc, err = jsonedit.Remove(doc, name); err != nil {
			return nil, fmt.Errorf("take out its member %s: %w", name, err)
		}
	}
	return doc, nil
}
