package safefile

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

// accessList returns the access list of a new file or directory. Windows has no modes: the list
// admits the owner, the system and administrators, which have access everywhere anyway, and
// inherits nothing.
func accessList() (*windows.SECURITY_DESCRIPTOR, error) {
	me, err := user()
	if err != nil {
		return nil, err
	}
	const all = "(A;OICI;FA;;;" // full access, also to what is made below
	return windows.SecurityDescriptorFromString("D:P" + all + me.String() + ")" + all + "SY)" + all + "BA)")
}

func user() (*windows.SID, error) {
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return me.User.Sid, nil
}

// mkdir makes a directory that has the access list from the start.
func mkdir(path string) error {
	list, err := accessList()
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(sharing.Long(path))
	if err != nil {
		return err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: list}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	return windows.CreateDirectory(name, attributes)
}

// setAccessList sets the access list of a file.
func setAccessList(f *os.File) error {
	list, err := accessList()
	if err != nil {
		return err
	}
	dacl, _, err := list.DACL()
	if err != nil {
		return err
	}
	// The handle for writing may not change the access list.
	again, err := sharing.Open(f.Name(), windows.WRITE_DAC|windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		return err
	}
	defer func() { _ = again.Close() }()
	return windows.SetSecurityInfo(windows.Handle(again.Fd()), windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
}

// foreignAccess returns the identifier of another user that can access the open file: its owner, or
// a user that its access list admits. It is empty if there is none.
func foreignAccess(f *os.File) (string, error) {
	list, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "", err
	}
	me, err := user()
	if err != nil {
		return "", err
	}
	return firstForeign(list, me)
}

// everyone is the user that an absent access list admits.
const everyone = "S-1-1-0"

// firstForeign implements foreignAccess. It ignores denying entries: they can only remove access.
func firstForeign(list *windows.SECURITY_DESCRIPTOR, me *windows.SID) (string, error) {
	owner, _, err := list.Owner()
	if err != nil {
		return "", err
	}
	if !trusted(owner, me) {
		return owner.String(), nil
	}
	dacl, _, err := list.DACL()
	if err != nil || dacl == nil {
		return everyone, nil //nolint:nilerr // an absent list allows everything
	}
	for i := range dacl.AceCount {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(dacl, uint32(i), &entry); err != nil {
			return "", err
		}
		switch entry.Header.AceType {
		case windows.ACCESS_ALLOWED_ACE_TYPE:
			who := (*windows.SID)(unsafe.Pointer(&entry.SidStart)) //nolint:gosec // as ACCESS_ALLOWED_ACE is defined
			if entry.Mask&^harmless != 0 && !trusted(who, me) {
				return who.String(), nil
			}
		case windows.ACCESS_DENIED_ACE_TYPE:
		default: // conditional entries, which our files never have
			return everyone, nil
		}
	}
	return "", nil
}

// harmless rights reveal neither content nor names, and change nothing.
const harmless = windows.READ_CONTROL | windows.SYNCHRONIZE | windows.FILE_READ_ATTRIBUTES | windows.FILE_READ_EA

func trusted(who, me *windows.SID) bool {
	return who.Equals(me) || who.IsWellKnown(windows.WinLocalSystemSid) ||
		who.IsWellKnown(windows.WinBuiltinAdministratorsSid) ||
		who.IsWellKnown(windows.WinCreatorOwnerRightsSid)
}
