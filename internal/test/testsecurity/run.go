package testsecurity

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Names in the directory of a keychain.
const (
	itemsDir    = "items"
	faultFile   = "fault"
	callsFile   = "calls"
	readsFile   = "reads"
	readingFile = "reading"
)

// Exit codes of security(1), and the texts of errors on which go-keyring depends.
const (
	exitInternal   = 234 // errSecInternalComponent, -2070
	exitUsage      = 2
	exitNoDefault  = 37
	exitNotAllowed = 36
	exitNotFound   = 44
	exitCancelled  = 128
)

// lineSize is the size of security -i's buffer for a line, with its terminating byte. The rest of a
// longer line is read as the next one.
const lineSize = 4096

// pause is the duration of a slow call, and of a read that others must not overlap.
const pause = 20 * time.Millisecond

// A Command is one run of the program.
type Command struct {
	Dir            string // of the keychain
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Run runs the command in the arguments, and returns the exit code. Without a directory there is no
// keychain.
func (c Command) Run() int {
	if c.Dir == "" {
		return c.failed(exitNoDefault, "A default keychain could not be found.")
	}
	if len(c.Args) == 1 && c.Args[0] == "-i" {
		if err := c.note("-i"); err != nil {
			return c.failed(exitInternal, err.Error())
		}
		return c.interactive()
	}
	return c.one(c.Args)
}

// interactive runs the commands on standard input. Its exit code is that of the last.
func (c Command) interactive() int {
	code, in := 0, bufio.NewReader(c.Stdin)
	for {
		line, err := readLine(in)
		if words := splitLine(line); len(words) > 0 {
			code = c.one(words)
		}
		if err != nil {
			return code
		}
	}
}

func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for len(line) < lineSize-1 {
		b, err := in.ReadByte()
		if err != nil {
			return string(line), err
		}
		if b == '\n' {
			break
		}
		line = append(line, b)
	}
	return string(line), nil
}

// splitLine splits the line as a shell does, with both kinds of quotes.
func splitLine(line string) []string {
	var (
		words []string
		word  []rune
		begun bool
		quote rune
	)
	for _, r := range line {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && r == ' ':
			if begun {
				words, word, begun = append(words, string(word)), nil, false
			}
		default:
			word, begun = append(word, r), true
		}
	}
	if begun {
		words = append(words, string(word))
	}
	return words
}

// one runs a single command.
func (c Command) one(words []string) int {
	if len(words) == 0 {
		return exitUsage
	}
	if err := c.note(words[0]); err != nil {
		return c.failed(exitInternal, err.Error())
	}
	options := parse(words[1:])
	fault := c.fault()
	switch fault {
	case Hanging:
		c.hang()
	case Slow:
		<-time.After(pause)
	case NoKeychain:
		return c.failed(exitNoDefault, "A default keychain could not be found.")
	}
	switch words[0] {
	case "find-generic-password":
		return c.find(options, fault)
	case "add-generic-password":
		return c.add(options, fault)
	case "delete-generic-password":
		return c.remove(options, fault)
	}
	return c.failed(exitUsage, "unknown command")
}

// note logs the name of the command.
func (c Command) note(word string) error {
	f, err := os.OpenFile(c.path(callsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, word)
	return errors.Join(err, f.Close())
}

// parse parses options such as -U, -s SERVICE and -wa ACCOUNT. The value of a flag is "".
func parse(words []string) map[byte]string {
	options := map[byte]string{}
	for len(words) > 0 {
		letters := strings.TrimPrefix(words[0], "-")
		words = words[1:]
		for _, letter := range []byte(letters) {
			options[letter] = ""
		}
		if len(words) > 0 && letters != "" && !strings.HasPrefix(words[0], "-") {
			options[letters[len(letters)-1]] = words[0]
			words = words[1:]
		}
	}
	return options
}

func (c Command) failed(code int, why string) int {
	_, _ = fmt.Fprintln(c.Stderr, "security: SecKeychainSearchCopyNext:", why)
	return code
}

func (c Command) fault() Fault {
	content, err := os.ReadFile(c.path(faultFile))
	if err != nil {
		return ""
	}
	return Fault(content)
}

// hang returns when the fault or the test ends.
func (c Command) hang() {
	for c.fault() == Hanging {
		<-time.After(time.Millisecond)
	}
}

func (c Command) path(name string) string { return filepath.Join(c.Dir, name) }

// refusal returns the exit code of a call that needs an unlocked keychain.
func (c Command) refusal(fault Fault) int {
	switch fault {
	case Locked:
		return c.failed(exitNotAllowed, "User interaction is not allowed.")
	case Cancelled:
		return c.failed(exitCancelled, "User canceled the operation.")
	}
	return 0
}
