package testsecurity

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// nameOf is the name of an item's file below the directory of the keychain.
func nameOf(service, account string) string {
	return filepath.Join(itemsDir, hex.EncodeToString([]byte(service))+"."+hex.EncodeToString([]byte(account)))
}

func decodeName(name string) (service, account string, err error) {
	first, second, _ := strings.Cut(name, ".")
	s, err := hex.DecodeString(first)
	if err != nil {
		return "", "", err
	}
	a, err := hex.DecodeString(second)
	return string(s), string(a), err
}

// find prints the attributes of the item, which a locked keychain shows too, or its content.
func (c Command) find(options map[byte]string, fault Fault) int {
	end, err := c.begin(fault)
	if err != nil {
		return c.failed(exitInternal, err.Error())
	}
	defer end()
	content, err := os.ReadFile(c.path(nameOf(options['s'], options['a'])))
	if errors.Is(err, os.ErrNotExist) {
		return c.failed(exitNotFound, "The specified item could not be found in the keychain.")
	}
	if err != nil {
		return c.failed(exitInternal, err.Error())
	}
	if _, wanted := options['w']; !wanted {
		_, _ = fmt.Fprintf(c.Stdout, "class: \"genp\"\n    \"acct\"<blob>=%q\n", options['a'])
		return 0
	}
	if code := c.refusal(fault); code != 0 {
		return code
	}
	if fault == TruncatedRead {
		content = content[:len(content)/2]
	}
	_, _ = fmt.Fprintf(c.Stdout, "%s\n", content)
	return 0
}

// begin starts a read, and fails it if the fault says so.
func (c Command) begin(fault Fault) (end func(), err error) {
	none := func() {}
	switch fault {
	case Failing:
		return none, errors.New("an internal error occurred")
	case EveryOther:
		return none, c.everyOther()
	case Overlapping:
		reading := flock.New(c.path(readingFile))
		if alone, err := reading.TryLock(); err != nil || !alone {
			return none, errors.Join(err, errors.New("an internal error occurred"))
		}
		return func() { <-time.After(pause); _ = reading.Unlock() }, nil
	}
	return none, nil
}

// everyOther fails every second read.
func (c Command) everyOther() error {
	counting := flock.New(c.path(readsFile + ".lock"))
	if err := counting.Lock(); err != nil {
		return err
	}
	defer func() { _ = counting.Unlock() }()
	reads, err := os.ReadFile(c.path(readsFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	reads = append(reads, '.')
	if err := replaceFile(c.Dir, readsFile, reads); err != nil {
		return err
	}
	if len(reads)%2 == 0 {
		return errors.New("an internal error occurred")
	}
	return nil
}

func (c Command) add(options map[byte]string, fault Fault) int {
	if code := c.refusal(fault); code != 0 {
		return code
	}
	content := []byte(options['w'])
	if fault == Truncating {
		content = content[:len(content)/2]
	}
	if err := replaceFile(c.Dir, nameOf(options['s'], options['a']), content); err != nil {
		return c.failed(exitInternal, err.Error())
	}
	return 0
}

func (c Command) remove(options map[byte]string, fault Fault) int {
	path := c.path(nameOf(options['s'], options['a']))
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return c.failed(exitNotFound, "The specified item could not be found in the keychain.")
	}
	if code := c.refusal(fault); code != 0 {
		return code
	}
	if err := os.Remove(path); err != nil {
		return c.failed(exitInternal, err.Error())
	}
	return 0
}

// replaceFile replaces a file atomically.
func replaceFile(dir, name string, content []byte) error {
	f, err := os.CreateTemp(dir, "new")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
