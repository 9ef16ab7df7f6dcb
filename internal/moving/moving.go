// Package moving reads the ChatGPT sign-ins that other programs keep in files and removes them from
// those files. It also writes the file that gives Codex only an access token. It handles formats;
// its callers handle files, stores and dialogs.
//
// Parsing is strict: the package rejects a document that is not exactly in a known format, because
// it could not remove the sign-ins from it. Errors contain positions and known member names, and
// never other parts of a document.
package moving

import (
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// MaxSize is the largest document, in bytes. The largest real one, with twenty sign-ins, takes a
// tenth of it.
const MaxSize = 1 << 20

// A Format is the file format of one program.
type Format string

// The supported formats.
const (
	Codex    Format = "codex"               // auth.json of the Codex CLI
	OpenCode Format = "opencode"            // auth.json of OpenCode
	Pool     Format = "oc-codex-multi-auth" // accounts of this plugin of OpenCode
)

// An Entry is a sign-in in a document.
type Entry struct {
	// Place describes the position in the document, for users.
	Place string
	// Name is a proposed account name. It is valid for [helper.CheckName].
	Name string
	// Problem says why the sign-in cannot be moved, or is empty. With a Problem only Place, Name and,
	// if there is one, Refresh are set.
	Problem string

	Access, Refresh, ID helper.Secret // ID is the id_token, which is usually absent
	Expiry              time.Time     // of the access token; zero if unknown
	// Renewed is when the tokens were obtained; zero if unknown.
	Renewed  time.Time
	Identity helper.Identity
	// Issuer and ClientID are empty for OpenAI and Codex.
	Issuer, ClientID string
}

// Parse returns the format of the document and its sign-ins. If want is not empty, the document
// must have that format. The error is [helper.ErrInvalid] for a malformed document, and
// [helper.ErrNotFound] for one without a sign-in.
func Parse(doc []byte, want Format) (Format, []Entry, error) {
	root, err := readObject(doc)
	if err != nil {
		return "", nil, invalid(err)
	}
	format := want
	if format == "" {
		format = root.format()
	}
	var entries []Entry
	switch format {
	case Codex:
		entries, err = codexEntries(root)
	case OpenCode:
		entries, err = openCodeEntries(root)
	case Pool:
		entries, err = poolEntries(root)
	default:
		err = root.unknown()
	}
	switch {
	case errors.Is(err, helper.ErrNotFound):
		return format, nil, err
	case err != nil:
		return "", nil, invalid(err)
	case len(entries) == 0:
		return format, nil, nothingError("it holds no sign-in to ChatGPT")
	}
	return format, entries, nil
}

func invalid(err error) error { return fmt.Errorf("it is %w: %w", helper.ErrInvalid, err) }

// nothingError returns the error of a valid document without a sign-in.
func nothingError(why string) error { return fmt.Errorf("%s: sign-in %w", why, helper.ErrNotFound) }

// format detects the format of the document from its members.
func (o object) format() Format {
	switch {
	case o.has("tokens"), o.has("auth_mode"), o.has("OPENAI_API_KEY"):
		return Codex
	case o.has("accounts"):
		return Pool
	}
	for name := range o.members {
		if entry, ok, err := o.child(name); err == nil && ok && entry.has("type") {
			return OpenCode
		}
	}
	return ""
}

func (o object) unknown() error {
	if o.has("access_token") {
		return errors.New("it is a credential and no file of another program; give it to: codex-cred store")
	}
	return errors.New("it is no file of Codex, OpenCode or oc-codex-multi-auth")
}

// Without returns the document without the sign-ins whose refresh token pick selects. Everything
// else stays the same, byte for byte. empty means that nothing of value is left and the caller can
// delete the file. Call [Parse] on the document first.
func Without(doc []byte, format Format, pick func(refresh helper.Secret) bool) (rest []byte, empty bool, err error) {
	switch format {
	case Codex:
		rest, empty, err = codexWithout(doc, pick)
	case OpenCode:
		rest, err = openCodeWithout(doc, pick)
	case Pool:
		rest, err = poolWithout(doc, pick)
	default:
		err = errors.New("its format is not known")
	}
	if err != nil {
		return nil, false, invalid(err)
	}
	return rest, empty, nil
}
