// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "./Dice.sol";
import {Finale} from "./Finale.sol";

/// @notice The calls that a sequence is drawn from. None of them reverts: a refusal is an outcome to be compared.
contract Handler is Finale {
    uint256 private constant JUDGED = (1 << uint8(Status.Submitted)) | (1 << uint8(Status.Approved));

    modifier onceFunded() {
        if (jobs.length > 0) _;
    }

    function fund(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _fund(dice));
    }

    function fundWithPermit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _fundWithPermit(dice));
    }

    function fundWithAuthorization(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _fundWithAuthorization(dice));
    }

    function setSpendingLimit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _setSpendingLimit(dice));
    }

    function cancel(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        // Mostly left open, so that some work gets done.
        if (dice.oneIn(3)) _performSomehow(dice, _cancel(dice, _pick(dice, _bit(Status.Open)), address(0)));
    }

    function accept(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _accept(dice, _pick(dice, _bit(Status.Open)), address(0)));
    }

    function reopen(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _reopen(dice, _pickLate(dice, _bit(Status.Accepted))));
    }

    function submit(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _submit(dice, _pick(dice, _bit(Status.Accepted)), address(0)));
    }

    function release(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _release(dice, _pick(dice, JUDGED), address(0)));
    }

    function complete(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _complete(dice, _pick(dice, _bit(Status.Open)), address(0)));
    }

    function reject(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _reject(dice, _pick(dice, _bit(Status.Submitted)), address(0)));
    }

    function dispute(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _dispute(dice, _pick(dice, JUDGED | _bit(Status.Rejected)), address(0)));
    }

    function rule(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _rule(dice, _pick(dice, _bit(Status.Disputed))));
    }

    function refund(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _refund(dice, _pickLate(dice, _bit(Status.Open) | _bit(Status.Rejected))));
    }

    function settle(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _settle(dice, _pickLate(dice, JUDGED | _bit(Status.Disputed))));
    }

    function withdraw(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _performSomehow(dice, _withdraw(dice));
    }

    function multicall(uint256 seed) external onceFunded {
        _multicall(Dice(seed));
    }

    function tryMulticall(uint256 seed) external onceFunded {
        _tryMulticall(Dice(seed));
    }

    function starve(uint256 seed) external onceFunded {
        _starve(Dice(seed));
    }

    function replay(uint256 seed) external {
        _replay(Dice(seed));
    }

    function donate(uint256 seed) external {
        _donate(Dice(seed));
    }

    function issue(uint256 seed) external {
        _issue(Dice(seed));
    }

    function toggleReputation(uint256 seed) external {
        _toggleReputation(Dice(seed));
    }

    function wait(uint256 seed) external {
        _wait(Dice(seed));
    }

    /// @dev A job whose window one time in 6 is let run out.
    function _pickLate(Dice memory dice, uint256 statuses) private returns (uint256 index) {
        index = _pick(dice, statuses);
        if (dice.oneIn(6)) _waitForEnd(dice, index);
    }
}
