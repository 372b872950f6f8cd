// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IArbiter} from "../escrow/IArbiter.sol";
import {IEscrow, JobId, Terms} from "../escrow/IEscrow.sol";

/// @notice An arbiter that takes the bond named in `data` from the disputant, and rules as it is told. In its other
/// modes it misbehaves inside `open`.
contract TestArbiter is IArbiter {
    enum Mode {
        Take,
        Revert,
        RevertLate,
        BurnGas,
        ReturnGarbage,
        RuleInOpen,
        Reenter
    }

    error Refused();

    event Opened(JobId indexed jobId, address indexed worker, address indexed disputant, uint256 bond);
    event Reentered(bool succeeded);

    Mode public mode;
    uint256 public shareInOpen;
    uint256 public reasonBytes;
    uint256 public gasToLeave;
    bytes public callInOpen;

    function setMode(Mode next) external {
        mode = next;
    }

    /// @notice Rules this share (basis points) inside `open`, from now on.
    function ruleInOpen(uint256 workerShareBps) external {
        mode = Mode.RuleInOpen;
        shareInOpen = workerShareBps;
    }

    /// @notice Reverts inside `open`, from now on, with a reason of `length` zero bytes.
    /// @param gasLeft Burns its gas first, until no more than this is left.
    function revertWith(uint256 length, uint256 gasLeft) external {
        mode = Mode.RevertLate;
        reasonBytes = length;
        gasToLeave = gasLeft;
    }

    /// @notice Makes this call to the escrow inside `open`, from now on, and tells by `Reentered` how it went.
    function reenterWith(bytes calldata call) external {
        mode = Mode.Reenter;
        callInOpen = call;
    }

    /// @param data Empty, or abi.encode(IERC20 token, uint256 bond): base units pulled from the disputant.
    function open(JobId jobId, Terms calldata terms, address worker, address disputant, bytes calldata data) external {
        uint256 bond = 0;
        if (data.length > 0) {
            IERC20 token;
            (token, bond) = abi.decode(data, (IERC20, uint256));
            require(token.transferFrom(disputant, address(this), bond), Refused());
        }
        emit Opened(jobId, worker, disputant, bond);
        _misbehave(terms);
    }

    function rule(IEscrow escrow, Terms calldata terms, uint256 workerShareBps) external {
        escrow.rule(terms, workerShareBps);
    }

    function _misbehave(Terms calldata terms) private {
        if (mode == Mode.Revert) revert Refused();
        if (mode == Mode.RevertLate) _revertLate(reasonBytes, gasToLeave);
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.ReturnGarbage) _return(new bytes(1_000));
        if (mode == Mode.RuleInOpen) IEscrow(msg.sender).rule(terms, shareInOpen);
        if (mode == Mode.Reenter) {
            (bool succeeded, ) = msg.sender.call(callInOpen);
            emit Reentered(succeeded);
        }
    }

    function _revertLate(uint256 length, uint256 gasLeft) private view {
        while (gasleft() > gasLeft) {}
        LowLevelCall.bubbleRevert(new bytes(length));
    }

    function _return(bytes memory garbage) private pure {
        assembly ("memory-safe") {
            return(add(garbage, 0x20), mload(garbage))
        }
    }
}
