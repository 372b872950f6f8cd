// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice An account that takes every signature as its own, and misbehaves while it is asked.
contract TestHostileAccount {
    enum Mode {
        Agree,
        Revert,
        BurnGas,
        ReturnGarbage,
        Reenter
    }

    uint256 private constant REENTRY_GAS = 500_000;

    Mode public mode;
    address private _target;
    bytes private _call;

    function setMode(Mode next) external {
        mode = next;
    }

    /// @notice Makes this call whenever it is asked about a signature, from now on.
    function reenterWith(address target, bytes calldata call) external {
        (mode, _target, _call) = (Mode.Reenter, target, call);
    }

    /// @dev Not `view`, as the interface has it: it tries to change things.
    fallback(bytes calldata) external returns (bytes memory) {
        if (mode == Mode.Revert) revert();
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.ReturnGarbage) return new bytes(3);
        if (mode == Mode.Reenter) {
            (bool succeeded, ) = _target.call{gas: REENTRY_GAS}(_call);
            if (succeeded) return "";
        }
        return abi.encode(IERC1271.isValidSignature.selector);
    }
}
