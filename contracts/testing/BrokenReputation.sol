// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IReputationRecorder} from "../escrow/IReputationRecorder.sol";

/// @notice A reputation that records nothing, and misbehaves as it is told.
contract BrokenReputation is IReputationRecorder {
    enum Mode {
        Ignore,
        Revert,
        BurnGas,
        ReturnBomb,
        RevertBomb
    }

    error Broken();

    Mode public mode;

    function setMode(Mode next) external {
        mode = next;
    }

    function record(address, bytes32, uint256, uint256, bool) external view {
        _misbehave();
    }

    function scoreOf(address, address, bytes32) external view returns (uint256) {
        _misbehave();
        return 0.5e18;
    }

    function _misbehave() private view {
        if (mode == Mode.Revert) revert Broken();
        if (mode == Mode.BurnGas) while (true) {}
        // As large as the gas that the escrow gives can pay for.
        if (mode == Mode.ReturnBomb) _return(new bytes(150_000));
        if (mode == Mode.RevertBomb) LowLevelCall.bubbleRevert(new bytes(150_000));
    }

    function _return(bytes memory bomb) private pure {
        assembly ("memory-safe") {
            return(add(bomb, 0x20), mload(bomb))
        }
    }
}
