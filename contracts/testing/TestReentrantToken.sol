// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token in USDC's place that calls somebody else once, in the midst of a transfer.
contract TestReentrantToken is ERC20("Reentrant", "RE") {
    event Reentered(bool succeeded, bytes result);

    address private _target;
    bytes private _call;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Makes this call inside the next transfer, and tells by `Reentered` how it went.
    function reenterWith(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    /// @dev Anybody's word is good enough here.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _transfer(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        (bool succeeded, bytes memory result) = target.call(_call);
        emit Reentered(succeeded, result);
    }
}
