package hostid

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

// machineGUID is a registry value that Windows creates during installation.
type machineGUID struct{ key, value string }

func system() machineGUID {
	return machineGUID{key: `SOFTWARE\Microsoft\Cryptography`, value: "MachineGuid"}
}

func (m machineGUID) read() (machineID, error) {
	// A 32-bit program would otherwise read a branch without the value.
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, m.key, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, _, err := key.GetStringValue(m.value)
	err = errors.Join(err, key.Close())
	if errors.Is(err, registry.ErrNotExist) || errors.Is(err, registry.ErrUnexpectedType) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parse(text), nil
}
