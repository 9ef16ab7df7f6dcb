// Package moving reads the ChatGPT sign-ins that other programs keep in files, removes them from
// those files, and writes the file that gives Codex an access token and nothing else. It knows
// formats; files, stores and dialogs belong to its callers.
//
// Parsing is strict: a document that is not exactly in a known format is refused as a whole,
// because its sign-ins could not be removed. Errors name positions and known members and never
// quote a document.
package moving

import (
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// MaxSize is the largest document in bytes. Twenty sign-ins, the most that one of the programs
// keeps, take a tenth of it.
const MaxSize = 1 << 20

// A Format is the file format of one program.
type Format string

// The formats.
const (
	Codex    Format = "codex"               // auth.json of the Codex CLI
	OpenCode Format = "opencode"            // auth.json of OpenCode
	Pool     Format = "oc-codex-multi-auth" // accounts of that plugin for OpenCode
)

// An Entry is one sign-in in a document.
type Entry struct {
	// Place describes its position in the document to a person.
	Place string
	// Name is a proposed account name; [helper.CheckName] accepts it.
	Name string
	// Problem is the reason why it cannot be moved, or "". With a Problem only Place, Name and, if
	// there is one, Refresh are set.
	Problem string

	Access, Refresh, ID helper.Secret // ID is the id_token, which is usually absent
	Expiry              time.Time     // of the access token; zero if unknown
	// Renewed is when the tokens were obtained; zero if unknown.
	Renewed  time.Time
	Identity helper.Identity
	// Issuer and ClientID are empty if they are OpenAI's and Codex's.
	Issuer, ClientID string
}

// Parse returns the format of the document and its sign-ins. The format must be the wanted one
// unless that is empty. A malformed document is [helper.ErrInvalid]; one without a sign-in is
// [helper.ErrNotFound].
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

// nothingError returns the error of a valid document that holds nothing to move.
func nothingError(why string) error { return fmt.Errorf("%s: sign-in %w", why, helper.ErrNotFound) }

// format recognises the format of the document by its members.
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

// Without returns the document without the sign-ins whose refresh token is picked, and everything
// else unchanged to the byte. An empty result means that nothing of value is left and the file can
// be deleted. The document was read by [Parse].
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
