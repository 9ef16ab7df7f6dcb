// Package moving reads the sign-ins to ChatGPT that other programs keep in files
// of their own, takes them out of those files, and writes the file by which Codex
// gets an access token and nothing else. It knows formats; files, stores and
// persons are its callers' business.
//
// Reading is strict: what is not exactly a format that is known is refused whole,
// as nobody could take it out again. Errors tell places and the names of known
// members, never a part of a document.
package moving

import (
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// MaxSize bounds a document in bytes. Twenty sign-ins, which is the most that one
// of the programs keeps, have a tenth of it.
const MaxSize = 1 << 20

// A Format is the form of one program's file.
type Format string

// The formats.
const (
	Codex    Format = "codex"               // auth.json of the Codex CLI
	OpenCode Format = "opencode"            // auth.json of OpenCode
	Pool     Format = "oc-codex-multi-auth" // accounts of that plugin for OpenCode
)

// An Entry is one sign-in in a document.
type Entry struct {
	// Place tells a person where in the document it is.
	Place string
	// Name is what the account may be called; [helper.CheckName] accepts it.
	Name string
	// Problem is empty, or why it cannot be moved. Then there is nothing else but
	// its Place, its Name, and its refresh token if it has one.
	Problem string

	Access, Refresh, ID helper.Secret // ID is the id_token; mostly there is none
	Expiry              time.Time     // of the access token; zero if unknown
	// Renewed is when the tokens were obtained; zero if unknown.
	Renewed  time.Time
	Identity helper.Identity
	// Issuer and ClientID are empty where they are OpenAI's and Codex's.
	Issuer, ClientID string
}

// Parse returns the format of the document, which must be the wanted one unless
// that is empty, and the sign-ins in it. A document that breaks the rules is
// [helper.ErrInvalid]; one in which there is no sign-in is [helper.ErrNotFound].
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

// nothingError is a document that is right and holds nothing to move.
func nothingError(why string) error { return fmt.Errorf("%s: sign-in %w", why, helper.ErrNotFound) }

// format tells by the members which format the document has.
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

// Without returns the document, of the format, without the sign-ins whose refresh
// token is picked, and everything else byte for byte. Empty: nothing of worth is
// left, and the file can go. The document was read by [Parse].
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
