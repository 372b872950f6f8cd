// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @notice A contract account that agrees to everything or misbehaves, as it is told.
contract BrokenERC1271Account is IERC1271 {
    enum Mode {
        Agree,
        Refuse,
        Revert,
        BurnGas,
        ReturnBomb,
        RevertBomb,
        ShortAnswer,
        DirtyAnswer
    }

    error Broken();

    Mode public mode;

    function setMode(Mode next) external {
        mode = next;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        bytes4 agreed = IERC1271.isValidSignature.selector;
        if (mode == Mode.Refuse) return 0xffffffff;
        if (mode == Mode.Revert) revert Broken();
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.ReturnBomb) _return(new bytes(150_000));
        // Begins with what would be agreement, were it returned.
        if (mode == Mode.RevertBomb) LowLevelCall.bubbleRevert(abi.encode(agreed, new bytes(150_000)));
        if (mode == Mode.ShortAnswer) _return(abi.encodePacked(agreed));
        if (mode == Mode.DirtyAnswer) _return(abi.encode(bytes32(agreed) | bytes32(uint256(1))));
        return agreed;
    }

    function _return(bytes memory answer) private pure {
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }
}
