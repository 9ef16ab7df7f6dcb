package testkeyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// KeePassXCPart is the part that requires KeePassXC, see [parts.Need].
const KeePassXCPart = "keepassxc"

// databasePath is the object path of the database db.kdbx.
const databasePath = "/org/freedesktop/secrets/collection/db"

// A KeePassXC is a bus with KeePassXC as its Secret Service, which exposes all of an unlocked
// database. Its windows are not displayed.
type KeePassXC struct {
	keyring *Keyring
	keyTime time.Duration
}

// Confirm selects what KeePassXC asks a person about. Both are the defaults of a new KeePassXC.
type Confirm struct {
	Access bool // that a program reads or replaces an item
	Delete bool // that a program deletes an item
}

// StartKeePassXC starts KeePassXC until the end of the test, as [Start] does a keyring.
func StartKeePassXC(t testing.TB, confirm Confirm) *KeePassXC {
	t.Helper()
	return startKeePassXC(t, confirm, leastKeyTime)
}

// leastKeyTime is the shortest time in which KeePassXC derives the key of a database, at each save.
const leastKeyTime = 100 * time.Millisecond

func startKeePassXC(t testing.TB, confirm Confirm, keyTime time.Duration) *KeePassXC {
	t.Helper()
	x := &KeePassXC{keyring: makeDirs(t, needKeePassXC(t)), keyTime: keyTime}
	if err := x.start(confirm); err != nil {
		t.Fatalf("start a private KeePassXC: %v", err)
	}
	return x
}

// NeedKeePassXC ends the test as [parts.Need] decides where KeePassXC is missing.
func NeedKeePassXC(t testing.TB) {
	t.Helper()
	needKeePassXC(t)
}

func needKeePassXC(t testing.TB) map[string]string {
	t.Helper()
	tools, err := findAll("dbus-daemon", "keepassxc", "keepassxc-cli", "secret-tool")
	parts.Need(t, KeePassXCPart, err)
	return tools
}

// exposed is a database whose root group the Secret Service exposes: its custom data contains the
// UUID of that group. It keeps no deleted entries.
const exposed = `<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile>
  <Meta>
    <RecycleBinEnabled>False</RecycleBinEnabled>
    <CustomData>
      <Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{00010203-0405-0607-0809-0a0b0c0d0e0f}</Value></Item>
    </CustomData>
  </Meta>
  <Root>
    <Group><UUID>AAECAwQFBgcICQoLDA0ODw==</UUID><Name>Root</Name></Group>
  </Root>
</KeePassFile>
`

// keepassxcConfig also disables the questions of a first start.
const keepassxcConfig = `[General]
UpdateCheckMessageShown=true

[GUI]
CheckForUpdates=false

[FdoSecrets]
Enabled=true
ShowNotification=false
UnlockBeforeSearch=false
ConfirmAccessItem=%t
ConfirmDeleteItem=%t
`

func (x *KeePassXC) start(confirm Confirm) error {
	if err := x.keyring.startBus(); err != nil {
		return fmt.Errorf("start the bus: %w", err)
	}
	if err := x.makeDatabase(); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	config := fmt.Appendf(nil, keepassxcConfig, confirm.Access, confirm.Delete)
	if err := os.WriteFile(x.path("config.ini"), config, 0o600); err != nil {
		return err
	}
	return x.startProgram()
}

func (x *KeePassXC) path(name string) string { return filepath.Join(x.keyring.dir, name) }

func (x *KeePassXC) makeDatabase() error {
	ctx, cancel := context.WithTimeout(context.Background(), x.keyring.patience)
	defer cancel()
	xml := x.path("exposed.xml")
	if err := os.WriteFile(xml, []byte(exposed), 0o600); err != nil {
		return err
	}
	cmd := x.keyring.command(ctx, "keepassxc-cli", "import", "--set-password", "--decryption-time", strconv.FormatInt(x.keyTime.Milliseconds(), 10), xml, x.path("db.kdbx"))
	cmd.Stdin = strings.NewReader(password + "\n" + password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// startProgram returns when the database is unlocked, which is later than the name on the bus.
func (x *KeePassXC) startProgram() error {
	cmd := x.keyring.command(context.Background(), "keepassxc", "--pw-stdin",
		"--config", x.path("config.ini"), "--localconfig", x.path("local.ini"), x.path("db.kdbx"))
	cmd.Stdin = strings.NewReader(password + "\n")
	// Its lock and socket, with which it finds another instance, are in the directory for temporary
	// files.
	cmd.Env = append(cmd.Env, "QT_QPA_PLATFORM=offscreen", "TMPDIR="+x.keyring.runtimeDir())
	match := []dbus.MatchOption{dbus.WithMatchPathNamespace("/org/freedesktop/secrets")}
	return x.keyring.startProvider(cmd, match, func(ctx context.Context, conn *dbus.Conn, _ *dbus.Signal) bool {
		var locked bool
		err := conn.Object(busName, "/org/freedesktop/secrets/aliases/default").CallWithContext(ctx,
			"org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Collection", "Locked").Store(&locked)
		return err == nil && !locked
	})
}

// Setenv sets the variables in this process until the end of the test.
func (x *KeePassXC) Setenv(t testing.TB) {
	t.Helper()
	x.keyring.Setenv(t)
}

// Items returns the user names of all items of the service codex-cred.
func (x *KeePassXC) Items(t testing.TB) []string {
	t.Helper()
	return x.keyring.Items(t)
}

// Stop stops KeePassXC with a signal: it exists and does not answer.
func (x *KeePassXC) Stop(t testing.TB) {
	t.Helper()
	x.keyring.Stop(t)
}

// Kill kills KeePassXC. Nothing restarts it.
func (x *KeePassXC) Kill() { x.keyring.Kill() }

// Crash says how KeePassXC ended by itself, with its signal or exit status. It is
// empty after Kill and if KeePassXC still runs after the wait: a process that dumps
// its core has left the bus before it has ended.
func (x *KeePassXC) Crash(wait time.Duration) string {
	select {
	case <-x.keyring.daemon.gone:
	case <-time.After(wait):
	}
	return x.keyring.daemon.fate()
}

// Lock locks the database, as a person can in its window.
func (x *KeePassXC) Lock(t testing.TB) {
	t.Helper()
	if err := x.lock(); err != nil {
		t.Fatalf("lock the database: %v", err)
	}
}

// lock repeats its request. KeePassXC drops a request that comes while it saves the database, which
// happens a moment after each change and takes long on a busy computer. It reports such a request
// as dismissed.
func (x *KeePassXC) lock() error {
	ctx, cancel := context.WithTimeout(context.Background(), x.keyring.patience)
	defer cancel()
	conn, err := dbus.Connect(x.keyring.address, dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	completed := make(chan *dbus.Signal, 8)
	conn.Signal(completed)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(promptInterface)); err != nil {
		return err
	}
	for {
		locked, err := lockOnce(ctx, conn, completed)
		switch {
		case locked:
			return nil
		case ctx.Err() != nil:
			return errors.New("it stayed open")
		case err != nil:
			return err
		}
	}
}

const promptInterface = "org.freedesktop.Secret.Prompt"

// lockOnce reports whether KeePassXC locked the database when asked.
func lockOnce(ctx context.Context, conn *dbus.Conn, completed <-chan *dbus.Signal) (bool, error) {
	var (
		locked []dbus.ObjectPath
		prompt dbus.ObjectPath
	)
	err := conn.Object(busName, "/org/freedesktop/secrets").CallWithContext(ctx, "org.freedesktop.Secret.Service.Lock", 0,
		[]dbus.ObjectPath{databasePath}).Store(&locked, &prompt)
	if err != nil || prompt == "/" {
		return len(locked) > 0, err
	}
	if err := conn.Object(busName, prompt).CallWithContext(ctx, promptInterface+".Prompt", 0, "").Err; err != nil {
		return false, err
	}
	for {
		select {
		case s := <-completed:
			if s.Name == promptInterface+".Completed" && s.Path == prompt {
				return len(s.Body) > 0 && s.Body[0] == false, nil
			}
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
