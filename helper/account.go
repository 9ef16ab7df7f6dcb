package helper

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// DefaultAccount is the account's name if none is given.
const DefaultAccount = "default"

// An ID names everything that belongs to one sign-in: the item in its store, the locks, the journal. It is 128 random
// bits as 32 lower-case hexadecimal digits; each sign-in has a new one.
type ID string

// NewID returns a new ID read from random, which is crypto/rand.Reader outside tests.
func NewID(random io.Reader) (ID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	return ID(hex.EncodeToString(b[:])), nil
}

// Journal returns the name of the item that holds the key of the sign-in's journal.
func (id ID) Journal() string { return string(id) + "/journal" }

// Check returns [ErrInvalid] unless the ID has the form of NewID's result.
func (id ID) Check() error {
	if len(id) != 32 || !consistsOf(string(id), hexDigits) {
		return fmt.Errorf("id %q is %w", truncate(string(id)), ErrInvalid)
	}
	return nil
}

// An Account maps a name that a person chose to its current sign-in and to the store that holds its credential. It
// contains no secrets.
type Account struct {
	Name string
	// ID of the current sign-in; empty if there is none.
	ID ID
	// Store is the name of the store: "keychain", "file", or another.
	Store string
	// Generation of the newest credential that was stored. A stored credential with a lower generation is stale and its
	// refresh token is never presented.
	Generation uint64
	// NotBefore is the earliest time of the next refresh; zero means any time.
	NotBefore time.Time
	// Unanswered counts the refreshes of this generation with an unknown outcome.
	Unanswered int
	// Began is the digest of the refresh token with which the sign-in began.
	Began string
	// Host is the id of the machine whose codex-cred may refresh, for stores that can be copied to another machine or
	// shared by several; empty means any.
	Host string
	// Shared is empty, or names the program that has the same refresh token: a word or a path for people. While it is
	// set codex-cred does not refresh.
	Shared string
	// Rejections counts the refreshes in a row that callers caused by reporting that the access token was refused.
	Rejections int
	// RejectedAt is the time of the last of these refreshes; zero if there was none.
	RejectedAt time.Time
	// ClockTried is the generation for which a refresh was tried because the clock had gone back; 0 if none.
	ClockTried uint64
	// Created and Updated are the times of the sign-in and of the last change.
	Created, Updated time.Time
	// Erasing is set from the start of an erase until the account is deleted.
	Erasing bool
	// Leftovers are other sign-ins, replaced or unfinished, whose files and items may still exist.
	Leftovers []Leftover
}

// A Leftover is a sign-in that is not the current one and still has to be deleted.
type Leftover struct {
	ID    ID     `json:"id"`
	Store string `json:"store"`
}

// Accounts stores the accounts of this machine. Several processes may use it at once. Accounts are copied: the caller
// owns them.
type Accounts interface {
	// Load returns the account of the name, or ErrNotFound.
	Load(name string) (Account, error)
	// Update reads the account, calls change with it and writes it back, while no other Update of any process runs. For
	// a missing account change gets an Account with the name and no ID. If change returns an error nothing is written
	// and Update returns that error. After a failed Update the old account is still readable.
	Update(name string, change func(*Account) error) (Account, error)
	// Remove deletes the account, or returns ErrNotFound.
	Remove(name string) error
	// List returns the sorted names, including those of unreadable accounts. An empty list is no error.
	List() ([]string, error)
}

// maxName is the maximum length of an account's name in bytes.
const maxName = 64

const (
	hexDigits = "0123456789abcdef"
	letters   = "abcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
)

// consistsOf reports whether the text is not empty and contains only characters of the set. Names are checked without a
// regular expression because compiling one takes a tenth of the time of a get.
func consistsOf(text, set string) bool { return text != "" && strings.Trim(text, set) == "" }

// isReserved reports whether the name is a device on Windows, whatever its extension.
func isReserved(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && consistsOf(base[3:], digits)
}

// CheckName returns [ErrInvalid] with the rule that an account's name violates. The rules are the same on every system,
// so that names are portable.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		// A text this long may be a misplaced token: it is not shown.
		return fmt.Errorf("account name of %d bytes is %w: use at most %d", len(name), ErrInvalid, maxName)
	case !consistsOf(name, letters+digits+"._@+-") || !consistsOf(name[:1], letters+digits):
		return fmt.Errorf("account name %q is %w: use 1 to 64 of a-z 0-9 . _ @ + -, beginning with a letter or digit",
			truncate(name), ErrInvalid)
	case strings.HasSuffix(name, "."):
		return fmt.Errorf("account name %q is %w: it ends with a dot", name, ErrInvalid)
	case isReserved(name):
		return fmt.Errorf("account name %q is %w: it is the name of a Windows device", name, ErrInvalid)
	}
	return nil
}

// CheckItemName returns [ErrInvalid] unless name is an [ID], or an ID, a slash and a word of 1 to 16 letters a-z.
// Stores build paths from such names.
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
