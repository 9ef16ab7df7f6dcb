// Package hostid tells machines apart. Start with [ID].
package hostid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// purpose makes our ids unlike those that other programs derive.
const purpose = "codex-cred host id, version 1"

// idSize is the size of an id in bytes, the machine's own and ours.
const idSize = 16

// ID returns an identifier of this machine: 32 lower-case hexadecimal digits,
// the same until the system is installed anew. It is derived from the machine's
// own id with a keyed hash, as machine-id(5) asks for, so it reveals nothing
// and matches the id of no other program.
//
// It is empty where the system has no id of its own, as in small containers.
// ErrUnavailable: the system may have one that could not be read. Neither result
// nor error contains the machine's own id. ID may be called concurrently; on
// macOS it runs a program.
func ID() (string, error) {
	own, err := system().read()
	if err != nil {
		return "", fmt.Errorf("read the id of this machine: %w: %w", helper.ErrUnavailable, err)
	}
	return derive(own), nil
}

func derive(own machineID) string {
	if own == nil {
		return ""
	}
	mac := hmac.New(sha256.New, own)
	mac.Write([]byte(purpose))
	return hex.EncodeToString(mac.Sum(nil)[:idSize])
}

// A machineID is the machine's own id, which is not to be shown; nil is none.
type machineID []byte

// parse reads 32 hexadecimal digits, with or without the dashes of a UUID.
// Anything else is no id, and so is one digit throughout: it is what systems
// have that were never given an id, and says nothing about which one it is.
func parse(text string) machineID {
	digits := strings.ReplaceAll(strings.TrimSpace(text), "-", "")
	own, err := hex.DecodeString(digits)
	if err != nil || len(own) != idSize || strings.Trim(digits, digits[:1]) == "" {
		return nil
	}
	return own
}
