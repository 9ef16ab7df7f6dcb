package helper

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// DefaultAccount is the name used when none is given.
const DefaultAccount = "default"

// An ID names everything that belongs to one sign-in: the item in its store,
// the locks, the journal. It is 128 random bits, drawn anew at each sign-in, as
// 32 lower-case hexadecimal digits.
type ID string

// NewID draws an ID from random, which is crypto/rand.Reader outside tests.
func NewID(random io.Reader) (ID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	return ID(hex.EncodeToString(b[:])), nil
}

// Journal returns the name of the item that holds the key of the sign-in's
// journal.
func (id ID) Journal() string { return string(id) + "/journal" }

// Check returns [ErrInvalid] unless the ID has the form that NewID gives.
func (id ID) Check() error {
	if len(id) != 32 || !consistsOf(string(id), hexDigits) {
		return fmt.Errorf("id %q is %w", truncate(string(id)), ErrInvalid)
	}
	return nil
}

// An Account is the record, not secret, that maps the name a person gave to
// the sign-in behind it and to the one store that keeps its credential.
type Account struct {
	Name string
	// ID of the current sign-in; empty when there is none.
	ID ID
	// Store is the word of the store: "keychain", "file", or another.
	Store string
	// Generation of the newest credential that was stored. A stored credential
	// below it is stale and its refresh token is never presented.
	Generation uint64
	// NotBefore is the earliest time of the next refresh; zero is any time.
	NotBefore time.Time
	// Unanswered counts refreshes of this generation whose outcome is unknown.
	Unanswered int
	// Began is the digest of the refresh token that the sign-in began with.
	Began string
	// Host is the id of the machine whose codex-cred may refresh, for stores
	// that can be copied to another machine or shared by several; empty is any.
	Host string
	// Shared is empty, or where the program is that has the refresh token too: a
	// word or a path for a person. While it is set nothing is refreshed here.
	Shared string
	// Rejections counts the refreshes in a row that were made because callers
	// saw the access token refused.
	Rejections int
	// RejectedAt is the time of the last of them; zero if there was none.
	RejectedAt time.Time
	// ClockTried is the generation that was refreshed, or tried to be, because
	// the clock had gone back; 0 is none.
	ClockTried uint64
	// Created and Updated are the times of the sign-in and of the last change.
	Created, Updated time.Time
	// Erasing is set from the start of an erase until the account is gone.
	Erasing bool
	// Leftovers are other sign-ins, replaced or not finished, whose artefacts
	// may still exist.
	Leftovers []Leftover
}

// A Leftover is a sign-in that is not the current one and is yet to be deleted.
type Leftover struct {
	ID    ID     `json:"id"`
	Store string `json:"store"`
}

// Accounts keeps the records of accounts on this machine. Several processes
// may use it at once. Records are copies: the caller owns them.
type Accounts interface {
	// Load returns the record of the name, or ErrNotFound.
	Load(name string) (Account, error)
	// Update reads the record, calls change with it and writes it back, while
	// no other Update of any process runs. For an absent record change gets an
	// Account with the name and no ID. When change returns an error nothing is
	// written and Update returns that error. A failed Update leaves the old
	// record readable.
	Update(name string, change func(*Account) error) (Account, error)
	// Remove deletes the record, or returns ErrNotFound.
	Remove(name string) error
	// List returns the names in order, of unreadable records too. No accounts
	// is no error.
	List() ([]string, error)
}

// maxName is the length of the longest account name in bytes.
const maxName = 64

const (
	hexDigits = "0123456789abcdef"
	letters   = "abcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
)

// consistsOf reports whether the text has characters of the set, and no other. Names
// are checked by hand because a regular expression costs a tenth of a get.
func consistsOf(text, set string) bool { return text != "" && strings.Trim(text, set) == "" }

// isReserved reports whether Windows takes the name, whatever its ending, for a
// device.
func isReserved(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && consistsOf(base[3:], digits)
}

// CheckName returns [ErrInvalid] with the rule that an account's name breaks.
// The rules are the same on every system, so that a name can move between them.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		// A text this long may be a token in the wrong place: it is not shown.
		return fmt.Errorf("account name of %d bytes is %w: use at most %d", len(name), ErrInvalid, maxName)
	case !consistsOf(name, letters+digits+"._@+-") || !consistsOf(name[:1], letters+digits):
		return fmt.Errorf("account name %q is %w: use 1 to 64 of a-z 0-9 . _ @ + -, beginning with a letter or digit", truncate(name), ErrInvalid)
	case strings.HasSuffix(name, "."):
		return fmt.Errorf("account name %q is %w: it ends with a dot", name, ErrInvalid)
	case isReserved(name):
		return fmt.Errorf("account name %q is %w: it is the name of a Windows device", name, ErrInvalid)
	}
	return nil
}

// CheckItemName returns [ErrInvalid] unless name is an [ID], or an ID, a slash
// and a word of 1 to 16 letters a-z. Stores build paths from such names.
func CheckItemName(name string) error {
	id, word, worded := strings.Cut(name, "/")
	if ID(id).Check() != nil || worded && (len(word) > 16 || !consistsOf(word, letters)) {
		return fmt.Errorf("item name %q is %w", truncate(name), ErrInvalid)
	}
	return nil
}

func truncate(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}
